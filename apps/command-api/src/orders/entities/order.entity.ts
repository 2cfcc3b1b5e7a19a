import { Column, Entity } from 'typeorm';
import { AggregateRow, wholeNumber } from '../../aggregate/aggregate-row.js';

export type OrderStatus = 'pending' | 'confirmed' | 'cancelled';

@Entity('orders')
export class OrderRow extends AggregateRow {
  /** Of a customer that this service knows nothing of but the id. */
  @Column({ name: 'customer_id', type: 'uuid' })
  customerId!: string;

  @Column({ type: 'text' })
  status!: OrderStatus;

  /** The sum of the lines, in cents, before the discount. */
  @Column({ type: 'bigint', transformer: wholeNumber })
  total!: number;

  @Column({ type: 'bigint', transformer: wholeNumber })
  discount!: number;

  @Column({ name: 'placed_at', type: 'timestamptz', precision: 3 })
  placedAt!: Date;
}
