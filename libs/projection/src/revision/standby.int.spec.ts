import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { openPool, silentLogger } from '#kernel';
import { eventually, startPrivatePostgres, type PrivateServer } from '#testing';
import { ensureEpoch } from '../generations/epoch.js';
import { migrateProjection } from '../schema/migrate.js';
import { epochOf } from './revision.js';
import { currentRevision, EpochMissingError, StandbyError } from './snapshot.js';

describe('the revision on a standby', () => {
  let server: PrivateServer;

  beforeAll(async () => {
    server = await startPrivatePostgres();
    await withPool(async (pool) => {
      await migrateProjection(pool);
      await ensureEpoch(pool, silentLogger);
    });
    // Clean files and this signal make a standby that replays nothing, which is all that telling them apart needs.
    await server.stop();
    writeFileSync(join(server.folder, 'data', 'standby.signal'), '');
    await server.start();
  }, 60_000);
  afterAll(() => server.dispose(), 60_000);

  async function withPool<T>(work: (pool: pg.Pool) => Promise<T>): Promise<T> {
    const pool = openPool({ connectionString: server.url, max: 1 });
    try {
      return await work(pool);
    } finally {
      await pool.end();
    }
  }

  it('is refused, and after a promotion it needs an epoch above that of the old timeline', async () => {
    await withPool(async (pool) => {
      await expect(currentRevision(pool)).rejects.toThrow(StandbyError);

      await pool.query('SELECT pg_promote()');
      await eventually(() => expect(currentRevision(pool)).rejects.toThrow(EpochMissingError));
      await ensureEpoch(pool, silentLogger);
      expect(epochOf(await currentRevision(pool))).toBe(2);
    });
  }, 60_000);
});
