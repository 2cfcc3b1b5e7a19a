import type { Pool } from 'pg';
import { sleep } from '#kernel';
import type { SearchIndex } from '#search';
import type { Computes, Plan } from '#views';
import { missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { walkShape } from '../generations/walk-shape.js';
import { copyTable } from '../schema/names.js';
import { GenerationUnreadableError, type Refusal } from './errors.js';

interface Servers {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly computes: Computes;
}

/**
 * Whether this process can bring the generation up to date at all.
 * @throws {GenerationUnreadableError} which nothing overrides: readers would find nothing
 */
export async function refusalToRun(
  { pool, index, computes }: Servers,
  generation: Generation,
): Promise<readonly Refusal[]> {
  const { view, indexName, plan } = generation;
  await countReadable(index, generation);
  const now = (await readGenerations(pool, view)).find((one) => one.indexName === indexName);
  const missing = missingComputes(plan, computes);
  const refusals: Refusal[] = [];
  if (now !== undefined && now.stopped !== null)
    refusals.push({
      what: 'stopped',
      sentence: `Index ${indexName} takes no writes since ${now.stopped}: what changed meanwhile is not in it.`,
    });
  if (missing.length > 0)
    refusals.push({
      what: 'not_runnable',
      sentence: `Index ${indexName} computes with functions that this process lacks: ${missing.join(', ')}. It can be swapped by the release that declares it so.`,
    });
  return refusals;
}

/** Whether readers would see documents that are too old, or too few or many. */
export async function refusalsToRead(
  servers: Servers,
  generation: Generation,
  maxLagMs: number,
): Promise<readonly Refusal[]> {
  const lag = await lagRefusal(servers.pool, generation, maxLagMs);
  const count = await countRefusal(servers, generation);
  return [lag, count].filter((refusal) => refusal !== null);
}

/** Marks that concern the generation and are older than `maxLagMs`. */
export async function lagRefusal(
  pool: Pool,
  { view, indexName }: Generation,
  maxLagMs: number,
): Promise<Refusal | null> {
  const { rows } = await pool.query<{ late: number; own: number; seconds: number | null }>(
    `SELECT count(*)::int AS late, count(index_name)::int AS own,
            extract(epoch FROM now() - min(created_at))::float8 AS seconds
     FROM mark
     WHERE view = $1 AND (index_name IS NULL OR index_name = $2)
       AND created_at < now() - $3 * interval '1 millisecond'`,
    [view, indexName, maxLagMs],
  );
  const { late = 0, own = 0, seconds = null } = rows[0] ?? {};
  if (late === 0) return null;
  const alone = own === 0 ? '' : ` ${own} of them are for it alone, left by processes without its functions.`;
  return {
    what: 'lag',
    sentence: `${late} marks that concern index ${indexName} wait to be built, the oldest for ${Math.round(seconds ?? 0)} s.${alone}`,
  };
}

/** Writers change both sides of a count between two looks; a lost document is missing in all of them. */
const LOOKS = 5;
const LOOK_MS = 500;

async function countRefusal({ pool, index }: Servers, generation: Generation): Promise<Refusal | null> {
  for (let look = 1; ; look++) {
    const before = await expectedCount(pool, index, generation);
    if (before === null) return null;
    await index.refresh(generation.indexName);
    const stored = await countReadable(index, generation);
    const after = await expectedCount(pool, index, generation);
    // Each mark, and each document that the index refuses, may be one more or one less.
    const open = await unsettled(pool, generation);
    const counts = [before.count, after?.count ?? before.count];
    if (stored >= Math.min(...counts) - open && stored <= Math.max(...counts) + open) return null;
    if (look === LOOKS)
      return {
        what: 'count',
        sentence: `Index ${generation.indexName} has ${stored} documents, and ${before.of} ${counts[1]}.`,
      };
    await sleep(LOOK_MS);
  }
}

interface ExpectedCount {
  readonly count: number;
  /** What has so many, as the subject of a sentence. */
  readonly of: string;
}

/**
 * By the copies, where every root has a document; else as many as the live one has, if the same roots have one in it.
 * Null where neither tells: the comparison by id, which comes before, is all there is then.
 */
async function expectedCount(
  pool: Pool,
  index: SearchIndex,
  { view, plan }: Generation,
): Promise<ExpectedCount | null> {
  const members = membersOf(plan);
  if (members === null) {
    const { rows } = await pool.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${copyTable(plan.root)} WHERE NOT deleted`,
    );
    return { count: rows[0]?.count ?? 0, of: 'by the copies there are' };
  }
  const live = (await readGenerations(pool, view)).find(({ state }) => state === 'live');
  if (live === undefined || live.stopped !== null || membersOf(live.plan) !== members) return null;
  await index.refresh(live.indexName);
  return { count: await countReadable(index, live), of: 'the live one, of the same roots, has' };
}

/**
 * What decides which roots have a document, as a text to compare; null when every root has one. A root that is filtered
 * out has none, and neither has one that lacks a required partner.
 */
function membersOf(plan: Plan): string | null {
  const required: string[] = [];
  walkShape(plan.shape, (node) => {
    if (node.node === 'one' && node.required) required.push(node.level);
  });
  if (required.length === 0 && plan.where === null) return null;
  const levels = plan.levels
    .filter(() => required.length > 0)
    .map(({ id, source, link, where, sort }) => ({ id, source, link, where, sort }));
  return JSON.stringify({ root: plan.root, where: plan.where, required, levels });
}

async function unsettled(pool: Pool, { view, indexName }: Generation): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT (
       (SELECT count(DISTINCT root_id) FROM mark WHERE view = $1)
       + (SELECT count(*) FROM dead_letter
          WHERE kind = 'document' AND healed_at IS NULL AND view = $1 AND index_name = $2)
     )::int AS count`,
    [view, indexName],
  );
  return rows[0]?.count ?? 0;
}

async function countReadable(index: SearchIndex, { view, indexName }: Generation): Promise<number> {
  try {
    return await index.count(indexName);
  } catch (error) {
    throw new GenerationUnreadableError(view, indexName, error);
  }
}
