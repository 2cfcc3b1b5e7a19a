import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type pg from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import { assemble, loadFrom, type Level, type LoadedRow, type Plan, type ShapeNode } from '#views';
import { ensureCopyTables } from '../../copies/copy-table.js';
import { ensureDerived } from '../../copies/ensure-derived.js';
import { allKindsSources, derivedLevel, everyColumn, owners, stateText } from '../../testing/all-kinds.js';
import { withClient } from '../../revision/client.js';
import { loadRows } from './load.js';

let space: TestSpace;
let pool: pg.Pool;
beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'] });
  pool = space.pool('projection');
  await ensureCopyTables(pool, allKindsSources);
  await ensureDerived(pool, everyColumn.map(planOf));
  await pool.query(
    `INSERT INTO copy_owner (id, epoch, version, deleted, occurred_at, event_id, data)
     SELECT id, 0, 1, false, now(), 'e', '{}' FROM unnest($1::text[]) AS owner (id)`,
    [owners],
  );
});
afterAll(() => space.dispose());

const root: Level = {
  id: '',
  source: 'owner',
  parent: null,
  link: null,
  where: null,
  sort: [],
  limit: null,
  columns: ['id'],
};

function planOf(level: Level): Plan {
  const parts: ShapeNode =
    level.rollUp === undefined
      ? { node: 'many', level: level.id, flat: false, of: elementShape(level) }
      : {
          node: 'rollUp',
          over: { level: level.id },
          rollUp: level.rollUp,
          kind: 'json',
          nullable: true,
          hints: {},
        };
  return {
    view: 'owners',
    fingerprint: 'x',
    root: 'owner',
    where: null,
    sort: [],
    levels: [root, level],
    shape: { node: 'object', fields: [{ name: 'parts', of: parts }] },
  };
}

function elementShape({ link }: Level): ShapeNode {
  const own = { node: 'value', array: false, nullable: true, hints: {} } as const;
  const inList = link?.column.includes('.') === true;
  return {
    node: 'object',
    fields: [
      {
        name: 'id',
        of: { ...own, column: 'id', kind: 'id', ...(inList ? ({ ofOwner: true } as const) : {}) },
      },
      { name: 'string', of: { ...own, column: 'string', kind: 'string' } },
    ],
  };
}

/** Documents from rows that PostgreSQL picked and rolled up. */
async function loaded(plan: Plan): Promise<string> {
  const rows = await withClient(pool, (client) => loadRows(client, plan, owners));
  return JSON.stringify(assemble(plan, owners, rows, new Map()));
}

/** Documents from whole tables: filtered, sorted, cut and rolled up in JavaScript. */
async function fromTables(plan: Plan): Promise<string> {
  const all = async (table: string): Promise<LoadedRow[]> =>
    (await pool.query<LoadedRow>(`SELECT id, data FROM ${table} WHERE NOT deleted`)).rows;
  const tables = { owner: await all('copy_owner'), part: await all('copy_part') };
  return JSON.stringify(assemble(plan, owners, loadFrom(plan, owners, tables), new Map()));
}

async function store(states: readonly string[]): Promise<void> {
  await pool.query('DELETE FROM copy_part');
  await pool.query(
    `INSERT INTO copy_part (id, epoch, version, deleted, occurred_at, event_id, data)
     SELECT 'p' || at, 0, 1, at % 9 = 8, now(), 'e', CASE WHEN at % 9 <> 8 THEN data::json END
     FROM unnest($1::text[]) WITH ORDINALITY AS state (data, at)`,
    [states],
  );
}

describe('rows that PostgreSQL picks or rolls up', () => {
  it('make the same documents, byte by byte, as whole tables do in JavaScript', async () => {
    const worlds = fc.tuple(
      fc.array(stateText, { maxLength: 40, size: 'max' }),
      fc.array(derivedLevel, { minLength: 1, maxLength: 30, size: 'max' }),
    );
    await fc.assert(
      fc.asyncProperty(worlds, async ([states, levels]) => {
        await store(states);
        for (const level of levels) {
          const plan = planOf(level);
          expect(await loaded(plan)).toBe(await fromTables(plan));
        }
      }),
      { numRuns: 40 },
    );
    // Long enough to shrink what fails.
  }, 120_000);
});
