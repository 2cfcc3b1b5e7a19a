import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { openPool, silentLogger } from '#kernel';
import { elasticsearchIndex, type SearchIndex, type WriteOutcome } from '#search';
import {
  createTestSpace,
  eventually,
  startPrivatePostgres,
  type PrivateServer,
  type TestSpace,
} from '#testing';
import { ensureEpoch } from '../generations/epoch.js';
import { migrateProjection } from '../schema/migrate.js';
import { orderSearch } from '../testing/shop.js';
import { makeDurable } from './durable.js';
import { currentRevision } from './snapshot.js';

const ABORTED = 300;

/**
 * What is seen on a server of the test's own that is killed: ids of transactions that aborted reach the disk only with
 * somebody's later commit.
 */
describe('the revision after a crash of the database', () => {
  let space: TestSpace;
  let index: SearchIndex;
  let server: PrivateServer;
  let name: string;
  let indices = 0;

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    // The log's background writer would save most ids within 200 ms, which is luck and not a promise.
    server = await startPrivatePostgres({ settings: { wal_writer_delay: '10s' } });
    await withPool(async (pool) => {
      await migrateProjection(pool);
      await ensureEpoch(pool, silentLogger);
      await pool.query('CREATE TABLE note (text text)');
    });
  }, 60_000);
  afterAll(async () => {
    await server.dispose();
    await index.close();
    await space.dispose();
  }, 60_000);
  beforeEach(async () => {
    name = `${space.indexPrefix}order-search.crash.${++indices}`;
    await index.create(name, orderSearch);
  });

  async function withPool<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
    const pool = openPool({ connectionString: server.url, max: 2 });
    pool.on('error', () => undefined);
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  }

  const write = async (revision: number, total: number): Promise<WriteOutcome | undefined> => {
    const body = JSON.stringify({ id: 'o1', total });
    const [outcome] = await index.write([{ kind: 'index', index: name, id: 'o1', revision, body }], 10_000);
    return outcome;
  };

  /** Takes a revision after many aborted transactions, writes by it, crashes, and writes what is newer. */
  async function crashBetween(beforeSending: (pool: pg.Pool) => Promise<void>) {
    const before = await withPool(async (pool) => {
      await pool.query('CHECKPOINT');
      for (let round = 0; round < ABORTED; round++) {
        await pool.query('BEGIN; SELECT pg_current_xact_id(); ROLLBACK');
      }
      const revision = await currentRevision(pool);
      await beforeSending(pool);
      expect(await write(revision, 1)).toEqual({ kind: 'done' });
      return revision;
    });
    await server.kill();
    await server.start();
    const after = await withPool((pool) =>
      eventually(async () => {
        await pool.query(`INSERT INTO note VALUES ('newer')`);
        return currentRevision(pool);
      }),
    );
    return { before, after, newer: await write(after, 2) };
  }

  it('goes back when the log is not made durable first, so that newer content is refused as stale', async () => {
    const { before, after, newer } = await crashBetween(() => Promise.resolve());
    expect(after).toBeLessThan(before);
    expect(newer).toEqual({ kind: 'superseded', current: before });
    expect(JSON.parse((await index.get(name, 'o1', { deadlineMs: 5_000 }))?.source ?? 'null')).toMatchObject({
      total: 1,
    });
  }, 60_000);

  it('goes on above all that was sent when the log was made durable first', async () => {
    const { before, after, newer } = await crashBetween((pool) => makeDurable(pool, () => Promise.resolve()));
    expect(after).toBeGreaterThan(before);
    expect(newer).toEqual({ kind: 'done' });
  }, 60_000);
});
