import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import { migrateProjection } from '../schema/migrate.js';
import { countDeadLetters } from './dead-letters.js';
import { discardDeadLetters } from './discard.js';
import { listDeadLetters, measureDeadLetters, readDeadLetter, type DeadLetterFilter } from './list.js';

describe('listing dead letters', () => {
  let space: TestSpace;
  let pool: pg.Pool;
  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'] });
    pool = space.pool('projection');
    await migrateProjection(pool);
    await pool.query(
      `INSERT INTO dead_letter
         (fingerprint, kind, reason, source, aggregate_id, version, view, root_id, index_name, body, created_at,
          healed_at, discarded_at)
       VALUES
         ('1', 'envelope', 'r', 'order', 'o1', 7, NULL, NULL, NULL, 'four', '2026-01-01', NULL, NULL),
         ('2', 'constraint', 'r', 'order', 'o2', 1, NULL, NULL, NULL, 'x', '2026-01-02', NULL, NULL),
         ('3', 'document', 'r', NULL, NULL, NULL, 'order-search', 'o1', 'i', NULL, '2026-01-03', NULL, NULL),
         ('4', 'envelope', 'r', 'customer', 'c1', 1, NULL, NULL, NULL, 'x', '2026-01-04', '2026-01-05', NULL),
         ('5', 'envelope', 'r', 'customer', 'c2', 1, NULL, NULL, NULL, 'x', '2026-01-05', NULL, '2026-01-06'),
         ('6', 'envelope', 'r', 'customer', 'c3', 1, NULL, NULL, NULL, 'x', '2026-01-06', '2026-01-07', '2026-01-06')`,
    );
  });
  afterAll(() => space.dispose());

  const matching = async (filter?: DeadLetterFilter): Promise<readonly number[]> =>
    (await listDeadLetters(pool, filter)).map(({ id }) => id);

  it.each<{ filter: DeadLetterFilter | undefined; ids: readonly number[] }>([
    { filter: undefined, ids: [1, 2, 3] },
    { filter: {}, ids: [1, 2, 3, 4, 5, 6] },
    { filter: { kind: 'envelope' }, ids: [1, 4, 5, 6] },
    { filter: { source: 'order' }, ids: [1, 2] },
    { filter: { view: 'order-search' }, ids: [3] },
    { filter: { about: 'o1' }, ids: [1, 3] },
    { filter: { since: new Date('2026-01-05') }, ids: [5, 6] },
    { filter: { states: ['healed'] }, ids: [4, 6] },
    { filter: { states: ['discarded'] }, ids: [5] },
    { filter: { states: ['open', 'discarded'], source: 'customer' }, ids: [5] },
    { filter: { ids: [2, 6, 99] }, ids: [2, 6] },
    { filter: { ids: [] }, ids: [] },
  ])('finds what meets all of $filter', async ({ filter, ids }) => {
    expect(await matching(filter)).toEqual(ids);
    const measured = await measureDeadLetters(pool, filter ?? { states: ['open'] });
    expect(measured).toEqual({ count: ids.length, lastId: ids.at(-1) ?? 0 });
  });

  it('goes on after an id, and tells the size of the body without it', async () => {
    const [first] = await listDeadLetters(pool, {}, { limit: 1 });
    expect(first).toMatchObject({ id: 1, state: 'open', bytes: 4, source: 'order', version: 7 });
    expect(first).not.toHaveProperty('body');
    const page = await listDeadLetters(pool, {}, { after: 1, limit: 2 });
    expect(page.map(({ id, bytes }) => [id, bytes])).toEqual([
      [2, 1],
      [3, 0],
    ]);
  });

  it('reads one letter whole', async () => {
    expect(await readDeadLetter(pool, 1)).toMatchObject({ id: 1, body: Buffer.from('four') });
    expect(await readDeadLetter(pool, 99)).toBeNull();
  });

  it('discards the open ones up to an id, and counts what is still open', async () => {
    expect(await countDeadLetters(pool)).toEqual({ envelope: 1, constraint: 1, document: 1 });
    expect(await discardDeadLetters({ pool, filter: {}, lastId: 2 })).toBe(2);
    expect(await discardDeadLetters({ pool, filter: { ids: [1, 4, 5] }, lastId: 9 })).toBe(0);
    expect(await countDeadLetters(pool)).toEqual({ envelope: 0, constraint: 0, document: 1 });
    expect(await matching({ states: ['discarded'] })).toEqual([1, 2, 5]);
  });
});
