import type { Pool, PoolClient } from 'pg';
import { messageOf, PrejoinError } from '#kernel';
import { routesOf, type Plan, type Route } from '#views';
import { currentSchema, keyShapes } from '../marks/triggers.js';
import { withClient } from '../revision/client.js';
import { copyTable, keyColumn } from '../schema/names.js';
import { sqlState } from '../schema/transaction.js';
import { countRoots } from './look-up.js';
import { keysSql, pathOf, type Path } from './path.js';

export interface EstimateOptions {
  /** So many rows of each source are looked at. */
  readonly sample?: number;
  /** So many of the keys that most rows share are looked at beside them. */
  readonly commonKeys?: number;
  /** How long one path may take, in milliseconds. */
  readonly timeoutMs?: number;
}

/** How many documents one change of a source builds by one path, by the copies as they are. */
export interface PathEstimate {
  readonly view: string;
  /** The join that the changed row stands in; '' is the root itself. */
  readonly path: string;
  readonly source: string;
  /** A change of other columns builds nothing by this path. */
  readonly columns: readonly string[];
  readonly fanOut: FanOutSizes | { readonly unknown: string };
}

export interface FanOutSizes {
  /** How many rows they are from, and whether these are all that there are. */
  readonly rows: number;
  readonly all: boolean;
  /** Documents built by a change of a row in the middle, and of the row that is above 99 % of the others. */
  readonly median: number;
  readonly p99: number;
  /** The most that were found, and the row whose change builds them. */
  readonly most: number;
  readonly mostFrom: string | null;
}

/**
 * Estimates the fan-out of each path of a plan. It runs the steps that the fan-out itself runs, for a sample of rows, and
 * for the rows of the keys that most rows share, which a sample all but always misses: `most` is from both, the median
 * and the 99th percentile from the sample alone. With fewer rows than the sample it is exact. On a path of several steps
 * the common keys are those of the first, so a row that only later steps make wide is found if it is in the sample.
 *
 * Read only. A path that takes too long has the figures of the rows that it came to, or the reason why it has none.
 */
export async function estimateFanOut(
  pool: Pool,
  plan: Plan,
  options: EstimateOptions = {},
): Promise<readonly PathEstimate[]> {
  const estimates: PathEstimate[] = [];
  for (const route of routesOf(plan)) {
    const { view, level: path, source, columns } = route;
    estimates.push({ view, path, source, columns, fanOut: await sizesOf(pool, route, options) });
  }
  return estimates;
}

async function sizesOf(
  pool: Pool,
  route: Route,
  { sample = 1_000, commonKeys = 20, timeoutMs = 30_000 }: EstimateOptions,
): Promise<PathEstimate['fanOut']> {
  const deadline = performance.now() + timeoutMs;
  try {
    return await withClient(pool, async (client) => {
      await client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${timeoutMs}`);
      const shapes = await keyShapes(client, await currentSchema(client));
      const path = pathOf(route, shapes);
      const changed = await sampleOf(client, path, sample);
      const common = await countEach(client, path, await commonRows(client, path, commonKeys), deadline);
      const sampled = await countEach(client, path, changed, deadline);
      await client.query('COMMIT');
      if (sampled.length === 0 && changed.length > 0) return tooSlow(timeoutMs);
      return summary(sampled, common, sampled.length === changed.length && changed.length < sample);
    });
  } catch (error) {
    if (sqlState(error) === '57014') return tooSlow(timeoutMs);
    if (isUnprepared(error))
      return { unknown: `the copies are not prepared for it yet: ${messageOf(error)}` };
    throw error;
  }
}

function tooSlow(timeoutMs: number): { readonly unknown: string } {
  return { unknown: `it takes more than ${timeoutMs / 1_000} s to find out` };
}

/** A declaration that no projector has been started with: a copy or one of its keys is not there. */
function isUnprepared(error: unknown): boolean {
  return sqlState(error) === '42P01' || (error instanceof PrejoinError && error.code === 'copy_missing');
}

/** A row that may change, with the keys that its fan-out begins with. */
interface ChangedRow {
  readonly id: string;
  readonly keys: readonly (string | null)[];
}

/**
 * Pages at random, and of their rows those that a hash puts first: rows that were written together stand on one page and
 * are often alike. Up to twenty times the sample the whole table is read, which is as fast.
 */
async function sampleOf(client: PoolClient, path: Path, sample: number): Promise<readonly ChangedRow[]> {
  const table = copyTable(path.route.source);
  const few = sample * 20;
  const size = await client.query<{ many: boolean; estimated: number }>(
    `SELECT count(*) > $1 AS many, (SELECT reltuples FROM pg_class WHERE oid = $2::regclass)::float8 AS estimated
     FROM (SELECT FROM ${table} LIMIT $1 + 1) AS first_rows`,
    [few, table],
  );
  const { many = false, estimated = 0 } = size.rows[0] ?? {};
  const percent = Math.min(100, Math.max((100 * few) / Math.max(estimated, 1), 0.01));
  const sampled = many && estimated > 0 ? `TABLESAMPLE SYSTEM (${percent})` : '';
  const { rows } = await client.query<ChangedRow>(
    `SELECT copy.id, ${keysSql(path)} AS keys FROM ${table} AS copy ${sampled}
     WHERE NOT deleted ORDER BY md5(id) LIMIT $1`,
    [sample],
  );
  return rows;
}

/** The rows of the source whose key most rows of the next copy share. */
async function commonRows(client: PoolClient, path: Path, keys: number): Promise<readonly ChangedRow[]> {
  const { route, start } = path;
  const [first] = route.steps;
  if (first === undefined || first.match.path === 'id') return [];
  const match = keyColumn(first.match.path);
  const common = await client.query<{ key: string }>(
    `SELECT key FROM (
       SELECT ${first.match.many ? `unnest(${match})` : match} AS key FROM ${copyTable(first.source)} WHERE NOT deleted
     ) AS one
     WHERE key IS NOT NULL GROUP BY key ORDER BY count(*) DESC, key LIMIT $1`,
    [keys],
  );
  const column = keyColumn(start.path);
  const held = start.many ? `${column} && $1::text[]` : `${column} = ANY($1::text[])`;
  const { rows } = await client.query<ChangedRow>(
    `SELECT copy.id, ${keysSql(path)} AS keys FROM ${copyTable(route.source)} AS copy
     WHERE NOT deleted AND ${held} ORDER BY id LIMIT $2`,
    [common.rows.map((row) => row.key), keys * 10],
  );
  return rows;
}

interface Counted {
  readonly id: string;
  readonly roots: number;
}

/**
 * How many roots a change of each row marks: those that it holds itself, or those that its keys lead to. Row by row and
 * until the deadline, with the statement that the fan-out runs: joined to all rows at once, the planner knows no key and
 * reads the whole table for each (200 000 orders: 0.7 s a product).
 */
async function countEach(
  client: PoolClient,
  { route }: Path,
  changed: readonly ChangedRow[],
  deadline: number,
): Promise<readonly Counted[]> {
  const counted: Counted[] = [];
  for (const { id, keys } of changed) {
    if (performance.now() >= deadline) break;
    const distinct = [...new Set(keys)].filter((key) => key !== null);
    const roots = route.steps.length === 0 ? distinct.length : await countRoots(client, route, distinct);
    counted.push({ id, roots });
  }
  return counted;
}

function summary(sampled: readonly Counted[], common: readonly Counted[], all: boolean): FanOutSizes {
  const sizes = sampled.map(({ roots }) => roots).sort((a, b) => a - b);
  const at = (share: number): number => sizes[Math.max(0, Math.ceil(share * sizes.length) - 1)] ?? 0;
  const widest = [...sampled, ...common].reduce<Counted | null>(
    (most, one) => (most === null || one.roots > most.roots ? one : most),
    null,
  );
  return {
    rows: sampled.length,
    all,
    median: at(0.5),
    p99: at(0.99),
    most: widest?.roots ?? 0,
    mostFrom: widest?.id ?? null,
  };
}
