import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { Priority } from '../marks/priority.js';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { clearQueues, withOpenTransaction } from '../testing/shop.js';
import { claimIsOpen, claimMarks, insertAgain, openClaim, type ClaimOptions } from './claim.js';

let db: ProjectionDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  db = await openProjection([], []);
  pool = db.pool;
});
afterAll(() => db.space.dispose());
beforeEach(() => clearQueues(pool));

const add = async (priority: Priority, ...rootIds: readonly string[]): Promise<void> => {
  await pool.query('INSERT INTO mark (view, root_id, priority) SELECT $1, unnest($2::text[]), $3', [
    'v',
    rootIds,
    priority === 'direct' ? 0 : 1,
  ]);
};
const left = async (): Promise<readonly string[]> => {
  const { rows } = await pool.query<{ root_id: string }>('SELECT root_id FROM mark ORDER BY seq');
  return rows.map((row) => row.root_id);
};
const all: ClaimOptions = {
  views: ['v'],
  except: [],
  limit: 10,
  priority: 'bulk',
  order: 'oldest_first',
  floor: '0',
};
const claim = async (client: pg.PoolClient, more: Partial<ClaimOptions> = {}): Promise<readonly string[]> => {
  await client.query(claimIsOpen);
  const marks = await claimMarks(client, { ...all, ...more });
  return marks
    .toSorted((a, b) => Number(a.seq) - Number(b.seq))
    .map((mark) => `${mark.root_id}${mark.priority === 0 ? '' : '*'}`);
};

describe('a claim', () => {
  it('takes nothing where its transaction was not opened, since a crash would not bring that back', async () => {
    await add('bulk', 'a');
    const client = await pool.connect();
    try {
      // As it would be if the BEGIN that went ahead had failed.
      expect(await claimMarks(client, all)).toEqual([]);
      expect(await left()).toEqual(['a']);
      const [, marks] = await Promise.all([openClaim(client, 10_000), claimMarks(client, all)]);
      expect(marks.map(({ root_id }) => root_id)).toEqual(['a']);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
    expect(await left()).toEqual(['a']);
  });

  it('takes marks of the priority that it asks for, oldest or newest first', async () => {
    await add('bulk', 'a', 'b');
    await add('direct', 'c', 'd');
    await withOpenTransaction(pool, async (client) => {
      expect(await claim(client, { priority: 'direct', limit: 1 })).toEqual(['c']);
      expect(await claim(client, { priority: 'direct', limit: 1, order: 'newest_first' })).toEqual(['d']);
      expect(await claim(client, { limit: 1 })).toEqual(['a*']);
    });
  });

  it.each([
    ['bulk', ['a*', 'b*', 'a*', 'a*', 'b*']],
    ['direct', ['a*', 'b*', 'a*', 'a*', 'b*', 'a', 'b']],
  ] as const)(
    'of %s marks takes every bulk mark of its roots along, over its limit',
    async (priority, taken) => {
      await add('bulk', 'a', 'b', 'c', 'a', 'a', 'c', 'b');
      await add('direct', 'a', 'b', 'c');
      await withOpenTransaction(pool, async (client) => {
        expect(await claim(client, { priority, limit: 2 })).toEqual(taken);
        await client.query('COMMIT');
      });
      expect(await left()).toEqual(priority === 'bulk' ? ['c', 'c', 'a', 'b', 'c'] : ['c', 'c', 'c']);
    },
  );

  it('takes the same root of another view for another root', async () => {
    await add('bulk', 'a');
    await pool.query(`INSERT INTO mark (view, root_id, priority) VALUES ('w', 'a', 1)`);
    await withOpenTransaction(pool, async (client) => expect(await claim(client)).toEqual(['a*']));
  });

  it('leaves what another claim holds to it, and what commits later to the next', async () => {
    await add('bulk', 'a');
    await withOpenTransaction(pool, async (first) => {
      expect(await claim(first)).toEqual(['a*']);
      // Changes of the same root while it is being built: from a snapshot that may not have them.
      await add('bulk', 'a', 'a');
      await withOpenTransaction(pool, async (writer) => {
        await writer.query(`INSERT INTO mark (view, root_id, priority) VALUES ('v', 'a', 1)`);
        await withOpenTransaction(pool, async (second) => {
          expect(await claim(second)).toEqual(['a*', 'a*']);
          await writer.query('COMMIT');
          await second.query('COMMIT');
        });
      });
      // A crash of the first gives its mark back; the late one was never lost.
      await first.query('ROLLBACK');
    });
    expect(await left()).toEqual(['a', 'a']);
  });

  it('gives everything back when it ends without a commit, what was taken along included', async () => {
    await add('bulk', 'a', 'a', 'b');
    await withOpenTransaction(pool, async (client) => {
      expect(await claim(client, { limit: 1 })).toEqual(['a*', 'a*']);
    });
    expect(await left()).toEqual(['a', 'a', 'b']);
  });

  it('leaves marks of a generation that is for others, also beside a mark of the whole view', async () => {
    await add('bulk', 'a', 'b', 'c');
    await pool.query(
      `INSERT INTO mark (view, root_id, priority, index_name) VALUES
         ('v', 'a', 1, 'theirs'), ('v', 'a', 1, 'gone'), ('v', 'd', 1, 'theirs'), ('v', 'd', 1, 'gone')`,
    );
    await withOpenTransaction(pool, async (client) => {
      expect(await claim(client, { except: ['theirs'] })).toEqual(['a*', 'b*', 'c*', 'a*', 'd*']);
      const { rows } = await client.query('SELECT DISTINCT index_name FROM mark');
      expect(rows).toEqual([{ index_name: 'theirs' }]);
    });
  });

  it('keeps priority and time of what is put back, which is not due before its delay', async () => {
    await add('bulk', 'a');
    const { rows: before } = await pool.query('SELECT priority, created_at FROM mark');
    await withOpenTransaction(pool, async (client) => {
      await client.query(claimIsOpen);
      const marks = await claimMarks(client, all);
      expect(marks).toHaveLength(1);
      await insertAgain(client, marks, [60_000]);
      await client.query('COMMIT');
    });
    const { rows: after } = await pool.query('SELECT priority, created_at FROM mark');
    expect(after).toEqual(before);
    await withOpenTransaction(pool, async (client) => expect(await claim(client)).toEqual([]));
  });
});
