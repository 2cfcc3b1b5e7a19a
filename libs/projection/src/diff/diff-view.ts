import type { Pool } from 'pg';
import { messageOf } from '#kernel';
import { assemble, type Assembled, type Computes, type Plan, type SourceDescription } from '#views';
import { loadRows } from '../build/load/load.js';
import type { Generation } from '../generations/generation.js';
import type { LockChange } from '../locks/verdict.js';
import { viewChanges } from '../locks/view-changes.js';
import { withClient } from '../revision/client.js';
import { readSnapshot } from '../revision/snapshot.js';
import { allEnded } from '../schema/all-ended.js';
import { copyTable } from '../schema/names.js';
import { sqlState } from '../schema/transaction.js';
import { comparable, type Comparable } from './comparable.js';
import { loadLoosely, readStanding, TooManyRows, type Standing } from './load-loosely.js';
import { countRootsOf, pagesOfRoots, type Choice } from './sample-roots.js';
import { Tally, type Tallied } from './tally.js';

export interface DiffOptions {
  readonly pool: Pool;
  /** What is served: the stored plan is compared, whatever the code declares. */
  readonly generation: Generation;
  /** What the code declares. */
  readonly plan: Plan;
  readonly computes: Computes;
  /** All declared sources, by which keys that no copy has yet are read. */
  readonly sources: readonly SourceDescription[];
  readonly choice: Choice;
  /** How long one page may take to read, in milliseconds. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ViewDiff extends Tallied {
  /** The declaration is the stored plan, so nothing was compared. */
  readonly samePlan: boolean;
  /** What the declaration changes, whatever the data is. */
  readonly planChanges: readonly LockChange[];
  /** Of the roots' source, not deleted. */
  readonly roots: number;
  /** Fields of the stored plan that functions made which this code lacks, changed ones above all. */
  readonly notCompared: readonly string[];
  /** Sources that have no copies yet: compared as though there were no rows. */
  readonly withoutCopies: readonly string[];
  readonly skipped: readonly { readonly id: string; readonly reason: string }[];
  /** False when it was stopped by the signal. */
  readonly complete: boolean;
}

const PAGE = 100;

/**
 * What a rebuild by today's declaration would change in the documents that are served: both plans are assembled from the
 * same snapshots. It writes nothing, and what a rebuild would first add to the copies is done without.
 */
export async function diffView(options: DiffOptions): Promise<ViewDiff> {
  const { pool, generation, plan, choice, onProgress, signal } = options;
  const before = comparable(generation.plan, options.computes);
  const tally = new Tally(before.lacking);
  const skipped: { id: string; reason: string }[] = [];
  const names = [...new Set([...plan.levels, ...generation.plan.levels].map(({ source }) => source))];
  const standing = await readStandingOf(pool, names);
  const samePlan = plan.fingerprint === generation.fingerprint;
  const sources = [...new Set([plan.root, generation.plan.root])].filter((source) => standing.has(source));
  const roots = await sum(sources.map((source) => countRootsOf(pool, source)));
  const total = totalOf(choice, roots);
  if (!samePlan) {
    for (const source of sources) {
      for await (const page of pagesOfRoots(pool, source, choice, PAGE)) {
        if (signal?.aborted === true) break;
        await comparePage(options, before, standing, page, tally, skipped);
        onProgress?.(Math.min(total, tally.result.compared + skipped.length), total);
      }
    }
  }
  return {
    ...tally.result,
    samePlan,
    planChanges: samePlan ? [] : viewChanges(generation.plan, plan),
    roots,
    notCompared: before.lacking,
    withoutCopies: names.filter((name) => !standing.has(name)),
    skipped,
    complete: signal?.aborted !== true,
  };
}

function totalOf(choice: Choice, roots: number): number {
  if (choice.kind === 'all') return roots;
  return choice.kind === 'ids' ? choice.ids.length : Math.min(choice.count, roots);
}

async function sum(counts: readonly Promise<number>[]): Promise<number> {
  return (await Promise.all(counts)).reduce((all, one) => all + one, 0);
}

function readStandingOf(pool: Pool, names: readonly string[]): Promise<Standing> {
  return withClient(pool, (client) => readStanding(client, names));
}

/** What is too much to load at once is tried by halves, and a root that is too much alone is told. */
async function comparePage(
  options: DiffOptions,
  before: Comparable,
  standing: Standing,
  ids: readonly string[],
  tally: Tally,
  skipped: { id: string; reason: string }[],
): Promise<void> {
  const [id] = ids;
  if (id === undefined) return;
  try {
    const [is, will] = await bothOf(options, before, standing, ids);
    for (const [at, one] of is.entries()) {
      const other = will[at];
      if (other !== undefined) tally.add(one, other);
    }
  } catch (error) {
    const tooMuch = error instanceof TooManyRows || sqlState(error) === '57014';
    if (!tooMuch) throw error;
    if (ids.length === 1) return void skipped.push({ id, reason: messageOf(error) });
    const middle = Math.ceil(ids.length / 2);
    await comparePage(options, before, standing, ids.slice(0, middle), tally, skipped);
    await comparePage(options, before, standing, ids.slice(middle), tally, skipped);
  }
}

async function bothOf(
  { pool, plan, computes, sources, timeoutMs = 30_000 }: DiffOptions,
  before: Comparable,
  standing: Standing,
  ids: readonly string[],
): Promise<readonly [readonly Assembled[], readonly Assembled[]]> {
  const tables = [...standing.keys()].map((source) => copyTable(source));
  const { read } = await readSnapshot(pool, { tables, statementTimeoutMs: timeoutMs }, (client) =>
    allEnded([loadRows(client, before.plan, ids), loadLoosely(client, plan, ids, standing, sources)]),
  );
  const [rowsBefore, rows] = read;
  return [assemble(before.plan, ids, rowsBefore, computes), assemble(plan, ids, rows, computes)];
}
