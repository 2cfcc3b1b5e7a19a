import { Column, Entity, PrimaryColumn } from 'typeorm';
import { wholeNumber } from '../../aggregate/aggregate-row.js';

/** A part of its order: written with it, and never changed alone. */
@Entity('order_line')
export class OrderLineRow {
  @PrimaryColumn({ name: 'order_id', type: 'uuid' })
  orderId!: string;

  /** From 1, in the order that the customer gave. */
  @PrimaryColumn({ type: 'integer' })
  line!: number;

  @Column({ name: 'product_id', type: 'uuid' })
  productId!: string;

  @Column({ type: 'integer' })
  quantity!: number;

  /** In cents, as agreed when the order was placed. */
  @Column({ name: 'unit_price', type: 'bigint', transformer: wholeNumber })
  unitPrice!: number;
}
