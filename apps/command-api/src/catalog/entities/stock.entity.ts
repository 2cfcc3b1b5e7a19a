import { Column, Entity } from 'typeorm';
import { AggregateRow, wholeNumber } from '../../aggregate/aggregate-row.js';

/** An aggregate of its own with its product's id: it changes far more often, and must not raise the product's version. */
@Entity('stock')
export class StockRow extends AggregateRow {
  @Column({ name: 'on_hand', type: 'bigint', transformer: wholeNumber })
  onHand!: number;
}
