import { Column, Entity, PrimaryColumn } from 'typeorm';
import { wholeNumber } from '../../aggregate/aggregate-row.js';

/** Why a stock changed: the journal behind each of its versions, kept by the service and not published. */
@Entity('stock_adjustment')
export class StockAdjustmentRow {
  @PrimaryColumn({ name: 'product_id', type: 'uuid' })
  productId!: string;

  /** The stock's version after it. */
  @PrimaryColumn({ type: 'bigint', transformer: wholeNumber })
  version!: number;

  @Column({ type: 'bigint', transformer: wholeNumber })
  delta!: number;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ name: 'adjusted_at', type: 'timestamptz', precision: 3 })
  adjustedAt!: Date;
}
