import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import type { DerivedColumn, Level, Plan, SortKey, ValueKind } from '#views';
import { ensureEpoch } from '../generations/epoch.js';
import { readSnapshot } from '../revision/snapshot.js';
import { migrateProjection } from '../schema/migrate.js';
import { shopSources, untilBlocked, withOpenTransaction } from '../testing/shop.js';
import { silentLogger } from '#kernel';
import { ensureCopyTables } from './copy-table.js';
import { storedValue } from './derived-values.js';
import { dropUnusedDerived } from './drop-derived.js';
import { ensureDerived } from './ensure-derived.js';

/** A plan that picks the first orders of a customer by these columns. */
function planBy(derived: readonly DerivedColumn[], more: Partial<Level> = {}): Plan {
  const sort: readonly SortKey[] = derived
    .filter(({ array }) => !array)
    .slice(0, 1)
    .map(({ column }) => ({ column, descending: true }));
  const level: Level = {
    id: 'latest',
    source: 'order',
    parent: '',
    link: { kind: 'backward', column: 'customerId', many: false },
    where: null,
    sort,
    limit: 2,
    columns: derived.map(({ column }) => column),
    derived,
    ...more,
  };
  return {
    view: 'customers',
    fingerprint: 'x',
    root: 'customer',
    where: null,
    sort: [],
    levels: [level],
    shape: { node: 'object', fields: [] },
  };
}
const column = (name: string, kind: ValueKind, array = false): DerivedColumn => ({
  column: name,
  kind,
  array,
});

let space: TestSpace;
let pool: pg.Pool;
beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'] });
  pool = space.pool('projection');
  await migrateProjection(pool);
  await ensureEpoch(pool, silentLogger);
  await ensureCopyTables(pool, shopSources);
});
afterAll(() => space.dispose());

async function store(id: string, state: string | null): Promise<void> {
  await pool.query(
    `INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
     VALUES ($1, 0, 1, $2, now(), 'e', $3)
     ON CONFLICT (id) DO UPDATE SET deleted = excluded.deleted, data = excluded.data, version = copy_order.version + 1`,
    [id, state === null, state],
  );
}

/** The value that a level has of one column of one row. */
async function valueIn(id: string, plan: Plan, at = 0): Promise<unknown> {
  const level = plan.levels[0] as Level;
  const { name } = storedValue(level, (level.derived ?? [])[at] as DerivedColumn);
  const { rows } = await pool.query<{ value: unknown }>(
    `SELECT "${name}" AS value FROM copy_order WHERE id = $1`,
    [id],
  );
  return rows[0]?.value;
}

async function columnsNow(): Promise<readonly string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = 'copy_order'::regclass AND starts_with(attname, 'value_') AND NOT attisdropped ORDER BY 1`,
  );
  return rows.map((row) => row.name);
}

async function indexesNow(): Promise<readonly string[]> {
  const { rows } = await pool.query<{ definition: string }>(
    `SELECT pg_get_indexdef(indexrelid) AS definition FROM pg_index
     WHERE indrelid = 'copy_order'::regclass AND indexrelid::regclass::text LIKE 'prejoin_level_%' AND indisvalid
     ORDER BY 1`,
  );
  return rows.map(({ definition }) => definition.replace(/^.* USING /, ''));
}

describe('the value of a derived column', () => {
  const long = 'é'.repeat(3_000);
  const cases: readonly (readonly [ValueKind, boolean, string, unknown])[] = [
    ['int', false, '12', '12'],
    ['int', false, '1.2e1', '12'],
    ['money', false, '9007199254740991', '9007199254740991'],
    ['int', false, '9007199254740993', null],
    ['int', false, '1.5', null],
    ['int', false, '"12"', null],
    ['int', false, '1e999999999999', null],
    ['decimal', false, '0.1', '0.1'],
    ['decimal', false, '0.1000000000000000055511151231257827', '0.1'],
    ['decimal', false, '1e21', '1000000000000000000000'],
    ['decimal', false, '1e-999999999999', null],
    ['decimal', false, 'true', null],
    ['bool', false, 'true', true],
    ['bool', false, '"true"', null],
    ['string', false, '"a"', 'a'],
    ['string', false, '7', null],
    ['string', false, '["a"]', null],
    ['day', false, '"2026-01-01"', '2026-01-01'],
    ['json', false, '{"a":1}', true],
    ['geo', false, 'null', null],
    ['int', true, '[3, null, "4", 3]', ['3', '3']],
    ['int', true, '3', ['3']],
    ['int', true, 'null', null],
    ['string', true, '["b", "a", 1]', ['b', 'a']],
  ];
  it.each(cases)('of kind %s (array: %s) for %s is %j', async (kind, array, text, expected) => {
    const plan = planBy([column('made', kind, array)]);
    await ensureDerived(pool, [plan]);
    await store('o1', `{"made": ${text}}`);
    expect(await valueIn('o1', plan)).toEqual(expected);
    await store('o1', null);
    expect(await valueIn('o1', plan)).toBeNull();
  });

  it('is null for a number that is spelled at length', async () => {
    const plan = planBy([column('made', 'decimal')]);
    await ensureDerived(pool, [plan]);
    await store('o1', `{"made": 0.${'0'.repeat(20_000)}1}`);
    expect(await valueIn('o1', plan)).toBeNull();
  });

  it('of a long text is shortened, and different for different texts, so that an index can hold it', async () => {
    const plan = planBy([column('long', 'string'), column('other', 'enum')]);
    await ensureDerived(pool, [plan]);
    await store('long', JSON.stringify({ customerId: 'c', long, other: long }));
    await store('longer', JSON.stringify({ customerId: 'c', long: `${long}!`, other: long }));
    const [one, two] = [await valueIn('long', plan), await valueIn('longer', plan)];
    expect(one).toMatch(/^é{100}[0-9a-f]{32}$/);
    expect(two).not.toBe(one);
  });

  it('of an instant orders by time, to the last digit, and never refuses an event', async () => {
    const plan = planBy([column('at', 'instant')]);
    await ensureDerived(pool, [plan]);
    const ordered = [
      '0000-01-01T00:00:00+23:59',
      '0000-01-01T00:00:00Z',
      '0000-02-29T23:59:59.9Z',
      '0000-03-01T00:00:00z',
      '1969-12-31T23:59:59.999Z',
      '1970-01-01T00:00:00Z',
      '2026-01-01T00:30:00+01:00',
      '2026-01-01T00:00:00Z',
      `2026-01-01T00:00:00.${'0'.repeat(38)}1Z`,
      '2026-01-01T00:00:00.1Z',
      '2026-01-01T05:30:00.100000000000000001+05:30',
      '2026-06-30T23:59:60Z',
      '2026-07-01T00:00:00.5Z',
      '9999-12-31T23:59:59.999Z',
      '9999-12-31T23:59:59-23:59',
      'no instant',
    ];
    const made: unknown[] = [];
    for (const text of ordered) {
      await store('o1', JSON.stringify({ customerId: 'c', at: text }));
      made.push(await valueIn('o1', plan));
    }
    expect(made.every((one) => typeof one === 'string')).toBe(true);
    expect([...(made as string[])].sort()).toEqual(made);
    expect(new Set(made).size).toBe(ordered.length);
    await store('o1', JSON.stringify({ at: `2026-01-01T00:00:00.${'1'.repeat(9_000)}Z` }));
    await store('o1', JSON.stringify({ at: 'x'.repeat(9_000) }));
  });

  it('is compared by byte, whatever the locale of the database is', async () => {
    await ensureDerived(pool, [planBy([column('note', 'string'), column('notes', 'string', true)])]);
    const { rows } = await pool.query(
      `SELECT DISTINCT collname FROM pg_attribute a JOIN pg_collation c ON c.oid = a.attcollation
       WHERE attrelid = 'copy_order'::regclass AND starts_with(attname, 'value_note')`,
    );
    expect(rows).toEqual([{ collname: 'C' }]);
  });

  it('is that of each plan when two of them read a column by other names, defaults or kinds', async () => {
    const total = [column('total', 'int')];
    const plans = [
      planBy(total),
      planBy(total, { fallbacks: [{ column: 'total', was: 'sum' }] }),
      planBy(total, { fallbacks: [{ column: 'total', was: 'sum', default: 5 }] }),
      planBy([column('total', 'string')]),
    ];
    await store('now', '{"total": 1, "sum": 2}');
    await store('before', '{"sum": 2}');
    await store('long ago', '{}');
    await store('null', '{"total": null, "sum": 2}');
    await ensureDerived(pool, plans);
    const values = await Promise.all(
      plans.map((plan) => Promise.all(['now', 'before', 'long ago', 'null'].map((id) => valueIn(id, plan)))),
    );
    expect(values).toEqual([
      ['1', null, null, null],
      ['1', '2', null, null],
      ['1', '2', '5', null],
      [null, null, null, null],
    ]);
  });
});

describe('the columns and indexes of the copies', () => {
  beforeEach(() => dropUnusedDerived(pool, []));

  it('are left alone by a start that finds them as they should be', async () => {
    const plan = planBy([column('total', 'int')]);
    await ensureDerived(pool, [plan]);
    await withOpenTransaction(pool, async (writer) => {
      await writer.query('LOCK TABLE copy_order IN ACCESS EXCLUSIVE MODE');
      await ensureDerived(pool, [plan]);
    });
  });

  it('hold up no writer for long when a forgotten transaction holds the copies, and say so', async () => {
    await withOpenTransaction(pool, async (forgotten) => {
      await forgotten.query('LOCK TABLE copy_order IN ROW EXCLUSIVE MODE');
      const refused = ensureDerived(pool, [planBy([column('held', 'int')])], {
        lockTimeoutMs: 50,
        deadlineMs: 500,
      });
      const outcome = refused.catch((error: unknown) => error);
      await untilBlocked(pool, 'LOCK TABLE "copy_order"');
      // It waits behind the lock that is waited for, and no longer than that attempt lasts.
      await store('meanwhile', '{"held": 1}');
      expect(await outcome).toMatchObject({ code: 'columns_blocked' });
    });
  });

  it('come while builders read: a snapshot sees all rows, from before the rewrite or from after it', async () => {
    await store('seen', '{"kept": 1}');
    const count = (client: pg.ClientBase) =>
      client
        .query<{ count: number }>('SELECT count(*)::int AS count FROM copy_order')
        .then(({ rows }) => rows[0]?.count);
    const expected = (await pool.query('SELECT FROM copy_order')).rowCount;
    const options = { tables: ['"copy_order"'], statementTimeoutMs: 10_000 };
    let ensured: Promise<void> = Promise.resolve();
    let late: Promise<number | undefined> = Promise.resolve(undefined);
    const early = await readSnapshot(pool, options, async (client) => {
      await client.query('SELECT');
      ensured = ensureDerived(pool, [planBy([column('kept', 'int')])], { lockTimeoutMs: 5_000 });
      await untilBlocked(pool, 'LOCK TABLE "copy_order"');
      late = readSnapshot(pool, options, count).then(({ read }) => read);
      return count(client);
    });
    await ensured;
    expect([early.read, await late]).toEqual([expected, expected]);
  });

  it('are indexed beside a writer, who goes on', async () => {
    const plan = planBy([column('total', 'int')]);
    await ensureDerived(pool, [plan]);
    const pinned = planBy([column('total', 'int')], { sort: [] });
    let ensured: Promise<void> = Promise.resolve();
    await withOpenTransaction(pool, async (writer) => {
      await writer.query(`UPDATE copy_order SET version = version + 1 WHERE id = 'now'`);
      ensured = ensureDerived(pool, [pinned]);
      await untilBlocked(pool, 'CREATE INDEX CONCURRENTLY');
      await writer.query(`UPDATE copy_order SET version = version + 1 WHERE id = 'before'`);
      await store('during', '{"total": 3}');
      await writer.query('COMMIT');
    });
    await ensured;
    expect(await indexesNow()).toContain('btree ("key_customerId", id) WHERE (NOT deleted)');
  });

  it('are built again when a build was broken off', async () => {
    await ensureDerived(pool, [planBy([column('total', 'int')])]);
    const plan = planBy([column('total', 'int')], { sort: [{ column: 'total', descending: false }] });
    await withOpenTransaction(pool, async (writer) => {
      await writer.query(`UPDATE copy_order SET version = version + 1 WHERE id = 'now'`);
      await expect(ensureDerived(pool, [plan], { deadlineMs: 100 })).rejects.toMatchObject({
        code: 'columns_blocked',
      });
    });
    const { rows } = await pool.query(
      `SELECT FROM pg_index WHERE indrelid = 'copy_order'::regclass AND NOT indisvalid`,
    );
    expect(rows).toHaveLength(1);
    await ensureDerived(pool, [plan]);
    expect(await indexesNow()).toContainEqual(
      expect.stringMatching(/^btree \("key_customerId", value_total_\w+, id\)/),
    );
  });

  it('stay as long as any plan needs them', async () => {
    const [one, two] = [planBy([column('one', 'int')]), planBy([column('two', 'int'), column('one', 'int')])];
    await ensureDerived(pool, [one, two]);
    await dropUnusedDerived(pool, [one, two]);
    expect(await columnsNow()).toHaveLength(2);
    expect(await indexesNow()).toHaveLength(2);
    await dropUnusedDerived(pool, [two]);
    expect(await columnsNow()).toHaveLength(2);
    expect(await indexesNow()).toHaveLength(1);
    await dropUnusedDerived(pool, []);
    expect(await columnsNow()).toEqual([]);
    expect(await indexesNow()).toEqual([]);
  });

  it('need the copies to be there', async () => {
    const plan = planBy([column('total', 'int')], { source: 'nothing' });
    await expect(ensureDerived(pool, [plan])).rejects.toMatchObject({ code: 'copy_missing' });
  });
});
