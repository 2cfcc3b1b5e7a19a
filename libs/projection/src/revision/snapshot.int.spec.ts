import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { openPool, silentLogger } from '#kernel';
import { createTestSpace, type TestSpace } from '#testing';
import { ensureEpoch, raiseEpoch } from '../generations/epoch.js';
import { migrateProjection } from '../schema/migrate.js';
import { epochOf } from './revision.js';
import { currentRevision, EpochMissingError, readSnapshot } from './snapshot.js';

const WRITERS = 13;
const SNAPSHOTS = Number(process.env['REVISION_STRESS_SNAPSHOTS'] ?? 2_000);

interface Seen {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly revision: number;
  readonly content: string;
}

describe('the revision of a snapshot', () => {
  let space: TestSpace;
  let pool: pg.Pool;

  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'] });
    pool = space.pool('projection');
    await migrateProjection(pool);
    await pool.query('CREATE TABLE tally (writer int PRIMARY KEY, value bigint NOT NULL)');
    await pool.query('INSERT INTO tally SELECT generate_series(1, $1::int), 0', [WRITERS]);
  });
  afterAll(() => space.dispose());

  it('refuses a cluster that has no epoch', async () => {
    await expect(currentRevision(pool)).rejects.toThrow(EpochMissingError);
    await ensureEpoch(pool, silentLogger);
    expect(epochOf(await currentRevision(pool))).toBe(1);
  });

  it(
    'never falls and rises with everything visible, under writers with savepoints and rollbacks',
    async () => {
      await ensureEpoch(pool, silentLogger);
      const writers = openPool({ connectionString: space.databaseUrl('projection'), max: WRITERS });
      const seen: Seen[] = [];
      const enough = (): boolean => seen.length >= SNAPSHOTS;
      await Promise.all([
        ...Array.from({ length: WRITERS }, (_, at) => writeUntil(writers, at + 1, enough)),
        ...Array.from({ length: 2 }, () => lookUntil(pool, enough, seen)),
      ]);
      await writers.end();

      expect(new Set(seen.map(({ content }) => content)).size).toBeGreaterThan(100);
      expect(inversions(seen)).toEqual([]);
      expect(ambiguous(seen)).toEqual([]);
    },
    30_000 + SNAPSHOTS * 30,
  );

  it('is that of the snapshot and not of the end of the transaction', async () => {
    await ensureEpoch(pool, silentLogger);
    const before = await currentRevision(pool);
    const { read: after, revision: inside } = await readSnapshot(
      pool,
      { tables: ['tally'], statementTimeoutMs: 5_000 },
      async (client) => {
        await client.query('SELECT');
        await pool.query('UPDATE tally SET value = value + 1 WHERE writer = 1');
        const { rows } = await client.query<{ value: string }>('SELECT value FROM tally WHERE writer = 1');
        const now = await pool.query<{ value: string }>('SELECT value FROM tally WHERE writer = 1');
        expect(BigInt(now.rows[0]?.value ?? 0) - BigInt(rows[0]?.value ?? 0)).toBe(1n);
        return currentRevision(pool);
      },
    );
    expect(inside).toBe(before);
    expect(after).toBeGreaterThan(before);
  });

  it('waits for rewriting DDL before it takes the snapshot, and so never reads a rewritten copy as empty', async () => {
    await ensureEpoch(pool, silentLogger);
    await pool.query('CREATE TABLE rewritten AS SELECT 1 AS one');
    const ddl = new pg.Client(space.databaseUrl('projection'));
    await ddl.connect();
    await ddl.query('BEGIN');
    await ddl.query('ALTER TABLE rewritten ALTER COLUMN one TYPE bigint');
    const rows = readSnapshot(
      pool,
      { tables: ['rewritten'], statementTimeoutMs: 5_000 },
      async (client) => (await client.query('SELECT * FROM rewritten')).rowCount,
    );
    await untilSomebodyWaits(pool);
    await ddl.query('COMMIT');
    await ddl.end();
    expect(await rows).toMatchObject({ read: 1 });
  });

  it('refuses to write', async () => {
    await ensureEpoch(pool, silentLogger);
    const writing = readSnapshot(pool, { tables: [], statementTimeoutMs: 5_000 }, (client) =>
      client.query('UPDATE tally SET value = 0'),
    );
    await expect(writing).rejects.toThrow(/read-only transaction/);
  });

  it('goes above an epoch that was found in an index, once for any number of alarms', async () => {
    await ensureEpoch(pool, silentLogger);
    const before = await currentRevision(pool);
    const raises = await Promise.all(
      Array.from({ length: 3 }, () => raiseEpoch(pool, epochOf(before) + 4, 'a test says so', silentLogger)),
    );
    expect(raises.filter((raise) => raise === 'raised')).toHaveLength(1);
    expect(epochOf(await currentRevision(pool))).toBe(epochOf(before) + 5);
  });

  it('gets an epoch above all others when the database moves to another cluster', async () => {
    await pool.query('TRUNCATE epoch');
    await pool.query(`INSERT INTO epoch VALUES ('of another cluster', 3, 11)`);
    await ensureEpoch(pool, silentLogger);
    expect(epochOf(await currentRevision(pool))).toBe(12);
  });
});

async function writeUntil(pool: pg.Pool, writer: number, enough: () => boolean): Promise<void> {
  const client = await pool.connect();
  for (let round = 0; !enough(); round++) {
    await client.query('BEGIN');
    await client.query('UPDATE tally SET value = value + 1 WHERE writer = $1', [writer]);
    if (round % 2 === 0) {
      await client.query('SAVEPOINT inner_work');
      await client.query('UPDATE tally SET value = value + 1000 WHERE writer = $1', [writer]);
      await client.query(round % 4 === 0 ? 'ROLLBACK TO inner_work' : 'RELEASE inner_work');
    }
    await client.query(round % 3 === 0 ? 'ROLLBACK' : 'COMMIT');
  }
  client.release();
}

async function lookUntil(pool: pg.Pool, enough: () => boolean, seen: Seen[]): Promise<void> {
  while (!enough()) {
    const startedAt = performance.now();
    const look = await readSnapshot(
      pool,
      { tables: ['tally'], statementTimeoutMs: 5_000 },
      async (client) => {
        const { rows } = await client.query<{ content: string }>(
          `SELECT string_agg(value::text, ',' ORDER BY writer) AS content FROM tally`,
        );
        return rows[0]?.content ?? '';
      },
    );
    seen.push({
      startedAt,
      endedAt: performance.now(),
      revision: look.revision,
      content: look.read,
    });
  }
}

/** Snapshots that were taken wholly after another and have a smaller revision. */
function inversions(seen: readonly Seen[]): readonly Seen[] {
  const byEnd = [...seen].sort((a, b) => a.endedAt - b.endedAt);
  const byStart = [...seen].sort((a, b) => a.startedAt - b.startedAt);
  let highest = 0;
  let ended = 0;
  return byStart.filter((look) => {
    for (; ended < byEnd.length && (byEnd[ended] as Seen).endedAt <= look.startedAt; ended++) {
      highest = Math.max(highest, (byEnd[ended] as Seen).revision);
    }
    return look.revision < highest;
  });
}

/** Revisions under which different content was seen. */
function ambiguous(seen: readonly Seen[]): readonly number[] {
  const contents = Map.groupBy(seen, ({ revision }) => revision);
  return [...contents]
    .filter(([, looks]) => new Set(looks.map(({ content }) => content)).size > 1)
    .map(([revision]) => revision);
}

async function untilSomebodyWaits(pool: pg.Pool): Promise<void> {
  for (;;) {
    const { rowCount } = await pool.query(
      `SELECT FROM pg_locks WHERE NOT granted AND relation = 'rewritten'::regclass`,
    );
    if (rowCount !== 0) return;
  }
}
