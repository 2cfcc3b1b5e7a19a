import { Column, Entity } from 'typeorm';
import { AggregateRow, wholeNumber } from '../../aggregate/aggregate-row.js';

@Entity('product')
export class ProductRow extends AggregateRow {
  @Column({ type: 'text' })
  sku!: string;

  @Column({ type: 'text' })
  name!: string;

  /** In cents. */
  @Column({ type: 'bigint', transformer: wholeNumber })
  price!: number;

  @Column({ type: 'boolean' })
  discontinued!: boolean;
}
