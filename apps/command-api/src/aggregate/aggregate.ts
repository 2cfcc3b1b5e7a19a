import {
  QueryFailedError,
  type EntityManager,
  type FindOptionsWhere,
  type QueryDeepPartialEntity,
} from 'typeorm';
import { PrejoinError } from '#kernel';
import type { Transaction } from '#outbox';
import type { AggregateRow } from './aggregate-row.js';
import { AggregateMissingError, RuleError, StaleVersionError, type Kind } from './errors.js';

/** Which versions the caller has decided on: `any`, or one of those that it names. */
export type ExpectedVersion = 'any' | readonly number[];

export type EntityClass<R> = new () => R;

/** @throws {AggregateMissingError} */
export async function find<R extends AggregateRow>(
  db: EntityManager,
  entity: EntityClass<R>,
  kind: Kind,
  id: string,
): Promise<R> {
  const row = await db.findOne(entity, { where: whereId<R>(id) });
  if (row === null) throw new AggregateMissingError(kind, id);
  return row;
}

/**
 * Reads a row and locks it until the transaction ends. Whoever changes an aggregate begins with this: versions have no
 * gaps and no twins only because one transaction at a time raises them, and the expected version is compared under the
 * lock, so that of two that expect the same one only one goes on.
 * @throws {AggregateMissingError} @throws {StaleVersionError}
 */
export async function lock<R extends AggregateRow>(
  tx: Transaction,
  entity: EntityClass<R>,
  kind: Kind,
  id: string,
  expected: ExpectedVersion,
): Promise<R> {
  const row = await tx.findOne(entity, { where: whereId<R>(id), lock: { mode: 'pessimistic_write' } });
  if (row === null) throw new AggregateMissingError(kind, id);
  if (expected !== 'any' && !expected.includes(row.version))
    throw new StaleVersionError(kind, id, row.version);
  return row;
}

/** Writes `changes` to a locked row, with its next version, and returns the row as it is then. */
export async function change<R extends AggregateRow>(
  tx: Transaction,
  entity: EntityClass<R>,
  row: R,
  changes: Partial<Omit<R, keyof AggregateRow>>,
): Promise<R> {
  const version = row.version + 1;
  // TypeORM's type of what may be set can not be derived from a type parameter; `changes` are columns of R by their type.
  const set = { ...changes, version } as unknown as QueryDeepPartialEntity<R>;
  const { affected } = await tx
    .createQueryBuilder()
    .update(entity)
    .set(set)
    .where('id = :id AND version = :version', { id: row.id, version: row.version })
    .execute();
  if (affected !== 1) {
    throw new PrejoinError(
      'row_not_locked',
      `${entity.name} ${row.id} was changed by another while this one held it.`,
      {
        remedy: 'Lock the row by lock() before it is changed.',
      },
    );
  }
  return { ...row, ...changes, version };
}

/**
 * Inserts a new aggregate's row. `taken` names the unique constraints that the caller's values can violate, with the error
 * that this is; a second insert of the same key waits for the first one's transaction, so the answer is final.
 * @throws {RuleError} of `taken`
 */
export async function insert<R extends AggregateRow>(
  tx: Transaction,
  entity: EntityClass<R>,
  row: R,
  taken: Readonly<Record<string, () => RuleError>>,
): Promise<void> {
  try {
    // As above: R is an entity, which TypeORM's type can not know.
    await tx.insert(entity, row as unknown as QueryDeepPartialEntity<R>);
  } catch (error) {
    const constraint = violatedConstraint(error);
    const rule = constraint === null ? undefined : taken[constraint];
    throw rule?.() ?? error;
  }
}

function violatedConstraint(error: unknown): string | null {
  if (!(error instanceof QueryFailedError)) return null;
  const { code, constraint } = error.driverError as { code?: unknown; constraint?: unknown };
  return code === '23505' && typeof constraint === 'string' ? constraint : null;
}

function whereId<R extends AggregateRow>(id: string): FindOptionsWhere<R> {
  // Every R has an id; the mapped type of a type parameter does not show it.
  return { id } as FindOptionsWhere<R>;
}
