import {
  Column,
  Entity,
  JoinColumn,
  ManyToOne,
  OneToMany,
  OneToOne,
  PrimaryColumn,
  type Relation,
} from 'typeorm';

@Entity({ schema: 'naive', name: 'customer' })
export class CustomerEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  email!: string;

  @Column({ type: 'text' })
  tier!: string;

  @Column({ type: 'text' })
  city!: string;

  @Column({ type: 'text' })
  country!: string;
}

@Entity({ schema: 'naive', name: 'product' })
export class ProductEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  sku!: string;

  @Column({ type: 'text' })
  name!: string;
}

@Entity({ schema: 'naive', name: 'orders' })
export class OrderEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'integer' })
  version!: number;

  @Column({ name: 'customer_id', type: 'text' })
  customerId!: string;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'integer' })
  total!: number;

  @Column({ type: 'integer' })
  discount!: number;

  @Column({ name: 'placed_at', type: 'timestamptz' })
  placedAt!: Date;

  @ManyToOne(() => CustomerEntity)
  @JoinColumn({ name: 'customer_id' })
  customer!: Relation<CustomerEntity> | null;

  @OneToMany(() => OrderLineEntity, (line) => line.order, { cascade: true })
  lines!: Relation<OrderLineEntity>[];

  @OneToOne(() => PaymentEntity, (payment) => payment.order)
  payment!: Relation<PaymentEntity> | null;

  @OneToOne(() => ShipmentEntity, (shipment) => shipment.order)
  shipment!: Relation<ShipmentEntity> | null;
}

@Entity({ schema: 'naive', name: 'order_line' })
export class OrderLineEntity {
  @PrimaryColumn({ name: 'order_id', type: 'text' })
  orderId!: string;

  /** From 1, in the order of the event. */
  @PrimaryColumn({ type: 'integer' })
  line!: number;

  @Column({ name: 'product_id', type: 'text' })
  productId!: string;

  @Column({ type: 'integer' })
  quantity!: number;

  @Column({ name: 'unit_price', type: 'integer' })
  unitPrice!: number;

  @ManyToOne(() => OrderEntity, (order) => order.lines, { orphanedRowAction: 'delete' })
  @JoinColumn({ name: 'order_id' })
  order!: Relation<OrderEntity>;

  @ManyToOne(() => ProductEntity)
  @JoinColumn({ name: 'product_id' })
  product!: Relation<ProductEntity> | null;
}

@Entity({ schema: 'naive', name: 'payment' })
export class PaymentEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  status!: string;

  @Column({ name: 'paid_at', type: 'timestamptz', nullable: true })
  paidAt!: Date | null;

  @OneToOne(() => OrderEntity, (order) => order.payment)
  @JoinColumn({ name: 'order_id' })
  order!: Relation<OrderEntity>;
}

@Entity({ schema: 'naive', name: 'shipment' })
export class ShipmentEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  status!: string;

  @Column({ type: 'text' })
  carrier!: string;

  @Column({ name: 'tracking_code', type: 'text', nullable: true })
  trackingCode!: string | null;

  @Column({ name: 'shipped_at', type: 'timestamptz', nullable: true })
  shippedAt!: Date | null;

  @Column({ name: 'delivered_at', type: 'timestamptz', nullable: true })
  deliveredAt!: Date | null;

  @OneToOne(() => OrderEntity, (order) => order.shipment)
  @JoinColumn({ name: 'order_id' })
  order!: Relation<OrderEntity>;
}

export const naiveEntities = [
  CustomerEntity,
  ProductEntity,
  OrderEntity,
  OrderLineEntity,
  PaymentEntity,
  ShipmentEntity,
];
