import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { change, clearQueues, orderSearch, shopSources, withOpenTransaction } from '../testing/shop.js';

describe('a mark that is there already when the same root changes again', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
    pool = db.pool;
    await db.apply(change('order', 'o1', 1, { customerId: 'c1', status: 'pending', total: 1, lines: [] }));
  });
  afterAll(() => db.space.dispose());

  /**
   * A writer changes the root while its mark of an earlier change waits; a builder claims that mark and reads the root
   * before the writer commits. Says what the builder read, what the copy holds in the end, and whether a mark is left.
   */
  const race = async (version: number): Promise<{ built: number; holds: number; marks: number }> => {
    const total = async (): Promise<number> => {
      const { rows } = await pool.query<{ total: number }>(
        `SELECT (data->>'total')::int AS total FROM copy_order`,
      );
      return rows[0]?.total ?? 0;
    };
    const built = await withOpenTransaction(pool, async (writer) => {
      await writer.query(`UPDATE copy_order SET data = json_build_object('id', 'o1', 'total', $1::int)`, [
        version,
      ]);
      await pool.query('DELETE FROM mark');
      const read = await total();
      await writer.query('COMMIT');
      return read;
    });
    const { rowCount } = await pool.query('SELECT FROM mark');
    return { built, holds: await total(), marks: rowCount ?? 0 };
  };
  const markedOnce = async (): Promise<void> => {
    await clearQueues(pool);
    await pool.query(`INSERT INTO mark (view, root_id) VALUES ('order-search', 'o1')`);
  };

  it('stays its own mark, so that a builder who took the first does not take the second with it', async () => {
    await markedOnce();
    expect(await race(2)).toEqual({ built: 1, holds: 2, marks: 1 });
  });

  it('would lose the change if marks had a unique key and were left out when they are there', async () => {
    await markedOnce();
    await pool.query(`
      CREATE UNIQUE INDEX mark_once ON mark (view, root_id);
      CREATE FUNCTION into_unique() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO mark (view, root_id) SELECT 'order-search', id FROM new_rows ON CONFLICT DO NOTHING;
        RETURN NULL;
      END $$;
      ALTER TABLE copy_order DISABLE TRIGGER USER;
      CREATE TRIGGER into_unique AFTER UPDATE ON copy_order REFERENCING NEW TABLE AS new_rows
        FOR EACH STATEMENT EXECUTE FUNCTION into_unique();
    `);
    expect(await race(3)).toEqual({ built: 2, holds: 3, marks: 0 });
  });
});
