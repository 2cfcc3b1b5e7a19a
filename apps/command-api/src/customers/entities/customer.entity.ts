import { Column, Entity } from 'typeorm';
import { AggregateRow } from '../../aggregate/aggregate-row.js';

export type Tier = 'basic' | 'silver' | 'gold';

/** Stays after the account is closed, emptied of all that is personal, so that its id is not given to another. */
@Entity('customer')
export class CustomerRow extends AggregateRow {
  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text' })
  email!: string;

  @Column({ type: 'text' })
  tier!: Tier;

  @Column({ type: 'text' })
  street!: string;

  @Column({ name: 'postal_code', type: 'text' })
  postalCode!: string;

  @Column({ type: 'text' })
  city!: string;

  @Column({ type: 'text' })
  country!: string;

  @Column({ name: 'registered_at', type: 'timestamptz', precision: 3 })
  registeredAt!: Date;

  @Column({ name: 'closed_at', type: 'timestamptz', precision: 3, nullable: true })
  closedAt!: Date | null;
}
