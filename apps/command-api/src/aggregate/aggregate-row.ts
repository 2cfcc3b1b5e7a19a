import { Column, PrimaryColumn, type ValueTransformer } from 'typeorm';
import { PrejoinError } from '#kernel';

/** bigint columns as numbers: pg gives them as text, since most of their range is beyond what a number holds. */
export const wholeNumber: ValueTransformer = {
  to: (value: unknown) => value,
  from: (text: string | null) => (text === null ? null : safeInteger(text)),
};

function safeInteger(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  throw new PrejoinError('number_not_safe', `A stored whole number (${text}) is beyond 2^53.`);
}

/** What every aggregate's row has. */
export abstract class AggregateRow {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** Rises by one per event, under the row's lock. */
  @Column({ type: 'bigint', transformer: wholeNumber })
  version!: number;
}
