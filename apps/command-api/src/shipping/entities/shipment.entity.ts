import { Column, Entity } from 'typeorm';
import { AggregateRow } from '../../aggregate/aggregate-row.js';

export type ShipmentStatus = 'created' | 'shipped' | 'delivered';

@Entity('shipment')
export class ShipmentRow extends AggregateRow {
  /** Of an order that this service knows nothing of but the id; one shipment an order. */
  @Column({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  @Column({ type: 'text' })
  status!: ShipmentStatus;

  @Column({ type: 'text' })
  carrier!: string;

  @Column({ name: 'tracking_code', type: 'text', nullable: true })
  trackingCode!: string | null;

  @Column({ name: 'created_at', type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  @Column({ name: 'shipped_at', type: 'timestamptz', precision: 3, nullable: true })
  shippedAt!: Date | null;

  @Column({ name: 'delivered_at', type: 'timestamptz', precision: 3, nullable: true })
  deliveredAt!: Date | null;
}
