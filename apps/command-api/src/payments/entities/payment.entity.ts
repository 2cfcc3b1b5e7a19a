import { Column, Entity } from 'typeorm';
import { AggregateRow, wholeNumber } from '../../aggregate/aggregate-row.js';

export type PaymentStatus = 'due' | 'paid' | 'refunded';

@Entity('payment')
export class PaymentRow extends AggregateRow {
  /** Of an order that this service knows nothing of but the id; one payment an order. */
  @Column({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  @Column({ type: 'text' })
  status!: PaymentStatus;

  /** In cents. */
  @Column({ type: 'bigint', transformer: wholeNumber })
  amount!: number;

  @Column({ name: 'paid_at', type: 'timestamptz', precision: 3, nullable: true })
  paidAt!: Date | null;

  @Column({ name: 'refunded_at', type: 'timestamptz', precision: 3, nullable: true })
  refundedAt!: Date | null;
}
