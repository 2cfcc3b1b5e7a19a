import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { compile, routesOf, view } from '#views';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import {
  change,
  clearQueues,
  shop,
  shopSources,
  untilBlocked,
  withOpenTransaction,
} from '../testing/shop.js';
import { sourceTriggers } from './trigger-sql.js';
import { unionOfRoutes } from './trigger-routes.js';
import { installTriggers } from './triggers.js';

const before = compile(view('customers', shop.customer, (c) => ({ name: c.name })));
const after = compile(view('customers', shop.customer, (c) => ({ name: c.name, note: c.note })));

describe('new triggers while a writer of the old ones is open', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [before]);
    pool = db.pool;
    await db.apply(change('customer', 'c1', 1, { name: 'Ada', note: 'old' }));
  });
  afterAll(() => db.space.dispose());

  const writeNote = (client: pg.PoolClient, note: string): Promise<unknown> =>
    client.query(
      `UPDATE copy_customer SET data = json_build_object('id', id, 'name', 'Ada', 'note', $1::text)`,
      [note],
    );
  /** What the scan of the new generation finds. */
  const scannedNote = async (): Promise<string | undefined> => {
    const { rows } = await pool.query<{ note: string }>(`SELECT data->>'note' AS note FROM copy_customer`);
    return rows[0]?.note;
  };
  const marks = async (): Promise<number> => (await pool.query('SELECT FROM mark')).rowCount ?? 0;

  it('misses a change when the function is replaced under its name: nothing waits for the writer', async () => {
    await installTriggers(pool, [before]);
    await clearQueues(pool);
    const { rows } = await pool.query<{ name: string }>(
      `SELECT tgname AS name FROM pg_trigger WHERE tgname LIKE 'prejoin_mark%_update' AND tgrelid = 'copy_customer'::regclass`,
    );
    const standing = rows[0]?.name ?? '';
    const routes = unionOfRoutes([after], routesOf).get('customer') ?? [];
    const fresh = sourceTriggers('public', 'customer', routes, () => ({ many: false }));
    const replacing = fresh.create
      .find((sql) => sql.includes('_update"() RETURNS trigger'))
      ?.replace(/CREATE FUNCTION "public"\."[^"]+"/, `CREATE OR REPLACE FUNCTION "public"."${standing}"`);

    await withOpenTransaction(pool, async (writer) => {
      await writeNote(writer, 'unseen');
      await pool.query(replacing ?? '');
      expect(await scannedNote()).toBe('old');
      await writer.query('COMMIT');
    });
    // The document of the scan says 'old', the copy says 'unseen', and nothing will ever build it again.
    expect([await scannedNote(), await marks()]).toEqual(['unseen', 0]);
    // The replaced function itself is right: the next change is marked.
    await pool.query(`UPDATE copy_customer SET data = '{"id":"c1","name":"Ada","note":"old"}'`);
    expect(await marks()).toBe(1);
  });

  it('misses none when they are installed under new names: the scan comes after the writer', async () => {
    // Back to triggers of the old plan, whatever the test before left standing under their name.
    await installTriggers(pool, []);
    await installTriggers(pool, [before]);
    await pool.query(`UPDATE copy_customer SET data = '{"id":"c1","name":"Ada","note":"old"}'`);
    await clearQueues(pool);
    const installed = await withOpenTransaction(pool, async (writer) => {
      await writeNote(writer, 'unseen');
      const scanned = installTriggers(pool, [after], { lockTimeoutMs: 5_000 }).then(scannedNote);
      await untilBlocked(pool, 'LOCK TABLE "copy_customer"');
      await writer.query('COMMIT');
      return scanned;
    });
    expect(installed).toBe('unseen');
    await db.apply(change('customer', 'c1', 2, { name: 'Ada', note: 'next' }));
    expect(await marks()).toBe(1);
  });
});

describe('a deploy of new triggers on a large copy under writers', () => {
  const ROWS = 100_000;
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [before]);
    pool = db.pool;
    await pool.query(
      `INSERT INTO copy_customer (id, epoch, version, deleted, occurred_at, event_id, data)
       SELECT 'c' || n, 0, 1, false, now(), 'e', json_build_object('id', 'c' || n, 'name', 'n', 'note', 'first')
       FROM generate_series(1, $1::int) AS n`,
      [ROWS],
    );
    await clearQueues(pool);
  }, 60_000);
  afterAll(() => db.space.dispose());

  it('leaves no change behind that the scan did not see', async () => {
    let writing = true;
    let wrote = 0;
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; writing; round++) {
        const client = await pool.connect();
        try {
          await client.query('BEGIN');
          // Two statements, so that installing meets transactions that have written and are still open.
          for (const half of [0, 1]) {
            await client.query(
              `UPDATE copy_customer SET data = json_build_object('id', id, 'name', 'n', 'note', $1::text), version = version + 1
               WHERE id = ANY(SELECT 'c' || (1 + floor(random() * $2)) FROM generate_series(1, 20))`,
              [`${writer}/${round}/${half}`, ROWS],
            );
          }
          await client.query('COMMIT');
          wrote += 1;
        } catch (error) {
          await client.query('ROLLBACK');
          // Writers lock random rows in no order, and may well deadlock among themselves.
          if ((error as { code?: string }).code !== '40P01') throw error;
        } finally {
          client.release();
        }
      }
    };
    const until = async (count: number): Promise<void> => {
      while (wrote < count) await new Promise((resolve) => setImmediate(resolve));
    };
    const deploy = async (): Promise<Snapshot> => {
      await until(20);
      await installTriggers(pool, [after]);
      const scanned = await scan(pool);
      await until(wrote + 60);
      return scanned;
    };
    const writers = Promise.all([1, 2].map(write));
    const { notes, marked } = await deploy().finally(() => (writing = false));
    await writers;

    const final = await scan(pool);
    const changed = [...final.notes].filter(([id, note]) => notes.get(id) !== note).map(([id]) => id);
    const markedSince = new Set(
      [...final.marked].filter(([seq]) => !marked.has(seq)).map(([, root]) => root),
    );
    expect(changed.length).toBeGreaterThan(500);
    expect(changed.filter((id) => !markedSince.has(id))).toEqual([]);
  }, 60_000);
});

interface Snapshot {
  /** By id. */
  readonly notes: ReadonlyMap<string, string>;
  /** The marked roots by the mark's number. */
  readonly marked: ReadonlyMap<string, string>;
}

async function scan(pool: pg.Pool): Promise<Snapshot> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const notes = await client.query<{ id: string; note: string }>(
      `SELECT id, data->>'note' AS note FROM copy_customer`,
    );
    const marked = await client.query<{ seq: string; root_id: string }>('SELECT seq, root_id FROM mark');
    await client.query('COMMIT');
    return {
      notes: new Map(notes.rows.map((row) => [row.id, row.note])),
      marked: new Map(marked.rows.map((row) => [row.seq, row.root_id])),
    };
  } finally {
    client.release();
  }
}
