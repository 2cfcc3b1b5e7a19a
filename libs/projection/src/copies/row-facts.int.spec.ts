import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { applyBatch } from '../apply/apply-batch.js';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { inTransaction } from '../schema/transaction.js';
import {
  change,
  clearQueues,
  orderSearch,
  shopSources,
  untilBlocked,
  withOpenTransaction,
} from '../testing/shop.js';
import { ensureCopyTables } from './copy-table.js';
import { countCopies, countUnchanged } from './survey.js';

let db: ProjectionDatabase;
let pool: Pool;
beforeAll(async () => {
  db = await openProjection(shopSources, [orderSearch]);
  pool = db.pool;
});
afterAll(() => db.space.dispose());

const ann = (version: number, name = 'Ann', epoch = 0) =>
  change('customer', 'c1', version, { name }, { epoch });
const apply = (...changes: Parameters<typeof applyBatch>[1]) =>
  inTransaction(pool, (client) => applyBatch(client, changes));
const erase = () => pool.query(`UPDATE copy_customer SET erased_at = now() WHERE id = 'c1'`);

interface Row {
  readonly version: string;
  readonly epoch: string;
  readonly deleted: boolean;
  readonly data: unknown;
  readonly erased: boolean;
  readonly applied_at: Date | null;
}
async function row(): Promise<Row> {
  const { rows } = await pool.query<Row>(
    `SELECT epoch, version, deleted, data, erased_at IS NOT NULL AS erased, applied_at FROM copy_customer WHERE id = 'c1'`,
  );
  if (rows[0] === undefined) throw new Error('the copy is gone');
  return rows[0];
}

beforeEach(async () => {
  await pool.query(`ALTER TABLE copy_customer DISABLE TRIGGER prejoin_keep_tombstone`);
  await pool.query('DELETE FROM copy_customer');
  await pool.query(`ALTER TABLE copy_customer ENABLE TRIGGER prejoin_keep_tombstone`);
  await clearQueues(pool);
});

describe('the time at which a copy was applied', () => {
  const inThePast = `UPDATE copy_customer SET applied_at = '2020-01-01T00:00:00Z'`;

  it('is that of its newest event', async () => {
    await apply(ann(1));
    await pool.query(inThePast);
    await apply(ann(2));
    expect((await row()).applied_at?.getFullYear()).not.toBe(2020);
    await pool.query(inThePast);
    await apply(ann(2), ann(1));
    expect((await row()).applied_at?.getFullYear()).toBe(2020);
  });

  it('is noted for a process of the release before, which does not know the column', async () => {
    const upsert = (version: number) =>
      pool.query(
        `INSERT INTO copy_customer AS copy (id, epoch, version, deleted, occurred_at, event_id, data)
         VALUES ('c1', 0, $1, false, now(), 'e', '{"id":"c1","name":"Ann"}')
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, data = excluded.data
         WHERE excluded.version > copy.version`,
        [version],
      );
    await upsert(1);
    expect((await row()).applied_at).not.toBeNull();
    await pool.query(inThePast);
    await upsert(2);
    expect((await row()).applied_at?.getFullYear()).not.toBe(2020);
  });
});

describe('a copy that is erased', () => {
  it('marks what it was part of, and holds nothing', async () => {
    await db.apply(
      ann(1),
      change('order', 'o1', 1, { customerId: 'c1', status: 'pending', total: 1, lines: [] }),
    );
    expect(await db.markedBy(erase)).toEqual(['o1']);
    expect(await row()).toMatchObject({ deleted: true, data: null, erased: true });
  });

  it.each([
    ['a higher version', ann(7)],
    ['a higher epoch', ann(1, 'Ann', 3)],
  ])('takes the number of %s and none of its data', async (_, late) => {
    await apply(ann(1));
    await erase();
    await clearQueues(pool);
    const [applied] = await apply(late);
    expect(applied?.conflicting).toEqual([]);
    expect(await row()).toMatchObject({
      epoch: `${late.epoch}`,
      version: `${late.version}`,
      deleted: true,
      data: null,
      erased: true,
    });
    expect((await pool.query('SELECT FROM mark UNION ALL SELECT FROM fan_out')).rowCount).toBe(0);
  });

  it('raises no alarm about the event that it was made of, which comes again', async () => {
    await apply(ann(1));
    await erase();
    expect(await apply(ann(1))).toMatchObject([{ duplicate: 1, conflicting: [] }]);
  });

  it('can not be brought back by hand, nor removed', async () => {
    await apply(ann(1));
    await erase();
    await pool.query(`UPDATE copy_customer SET erased_at = NULL, deleted = false, data = '{"id":"c1"}'`);
    expect(await row()).toMatchObject({ deleted: true, data: null, erased: true });
    await expect(pool.query('DELETE FROM copy_customer')).rejects.toThrow('the aggregate was erased');
  });

  it('stays erased when the event is applied while it is being erased', async () => {
    await apply(ann(1));
    await withOpenTransaction(pool, async (client) => {
      await client.query(`UPDATE copy_customer SET erased_at = now() WHERE id = 'c1'`);
      const late = apply(ann(2));
      await untilBlocked(pool, 'INSERT INTO "copy_customer"');
      await client.query('COMMIT');
      await late;
    });
    expect(await row()).toMatchObject({ version: '2', deleted: true, data: null, erased: true });
  });

  it('is counted by a resync under a raised epoch, which would else wait for it', async () => {
    await apply(ann(1));
    await erase();
    const before = [{ id: 'c1', epoch: 0, version: 1 }];
    expect(await countUnchanged(pool, 'customer', before)).toBe(1);
    await apply(ann(1, 'Ann', 4));
    expect(await countCopies(pool, 'customer', 4)).toBe(1);
    expect(await countUnchanged(pool, 'customer', before)).toBe(0);
  });
});

describe('a table of the release before', () => {
  it('gets the columns and triggers without a rewrite, and its rows say that it is not known when they were applied', async () => {
    await apply(ann(1));
    await pool.query(
      `DROP TRIGGER prejoin_keep_erased ON copy_customer; DROP TRIGGER prejoin_keep_tombstone ON copy_customer;
       DROP TRIGGER prejoin_note_applied ON copy_customer;
       ALTER TABLE copy_customer DROP COLUMN applied_at, DROP COLUMN erased_at`,
    );
    const file = async () =>
      (await pool.query<{ file: string }>(`SELECT pg_relation_filenode('copy_customer') AS file`)).rows[0]
        ?.file;
    const before = await file();
    await Promise.all([ensureCopyTables(pool, shopSources), ensureCopyTables(pool, shopSources)]);
    expect(await file()).toBe(before);
    expect((await row()).applied_at).toBeNull();
    await apply(ann(2));
    expect((await row()).applied_at).not.toBeNull();
    await erase();
    expect(await row()).toMatchObject({ deleted: true, data: null, erased: true });
  });
});
