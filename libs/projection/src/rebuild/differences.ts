import { assemble, type Plan } from '#views';
import { loadRows, tablesOf } from '../build/load.js';
import { readSnapshot } from '../revision/snapshot.js';
import { copyTable } from '../schema/names.js';
import type { Generation } from '../generations/generation.js';
import { walkShape } from '../generations/walk-shape.js';
import type { RebuildOptions } from './options.js';

const PAGE = 1_000;

/**
 * Ids that have a document in the index and none by the copies, or the other way round. Both are walked in id order,
 * page by page; the database does all comparing of ids, by byte, as the index orders them.
 */
export async function differingIds(
  options: RebuildOptions,
  generation: Generation,
  signal: AbortSignal,
  onCompared: (count: number) => void,
): Promise<readonly string[]> {
  const differing: string[] = [];
  let after: string | null = null;
  for (;;) {
    signal.throwIfAborted();
    const page = await options.index.scan(generation.indexName, after, PAGE);
    const last = page.length < PAGE ? null : (page.at(-1)?.id ?? null);
    const stored = new Set(page.map(({ id }) => id));
    const expected = await expectedBetween(options, generation, after, last);
    differing.push(
      ...[...stored].filter((id) => !expected.has(id)),
      ...[...expected].filter((id) => !stored.has(id)),
    );
    onCompared(expected.size);
    if (last === null) return differing;
    after = last;
  }
}

/** Of `ids`, those that differ still. Reads single documents, which needs no refresh. */
export async function stillDiffering(
  options: RebuildOptions,
  generation: Generation,
  ids: readonly string[],
): Promise<readonly string[]> {
  const expected = await withDocument(options, generation, ids);
  const differing: string[] = [];
  for (const id of ids) {
    const stored = await options.index.get(generation.indexName, id, { deadlineMs: options.deadlineMs });
    if ((stored !== null) !== expected.has(id)) differing.push(id);
  }
  return differing;
}

/** The ids after `after`, up to `last` if that is given, whose roots have a document by the copies. */
async function expectedBetween(
  options: RebuildOptions,
  generation: Generation,
  after: string | null,
  last: string | null,
): Promise<ReadonlySet<string>> {
  const expected = new Set<string>();
  for (let from = after; ;) {
    const { rows } = await options.pool.query<{ id: string }>(
      `SELECT id FROM ${copyTable(generation.plan.root)}
       WHERE NOT deleted AND ($1::text IS NULL OR id > $1) AND ($2::text IS NULL OR id <= $2)
       ORDER BY id LIMIT $3`,
      [from, last, PAGE],
    );
    const ids = rows.map((row) => row.id);
    // Assembling is left out where it can say nothing else than that there is a document.
    const made = mayLackDocument(generation.plan) ? await withDocument(options, generation, ids) : ids;
    for (const id of made) expected.add(id);
    if (ids.length < PAGE) return expected;
    from = ids.at(-1) as string;
  }
}

/** Of `ids`, those whose roots have a document: they are assembled as they would be built. */
async function withDocument(
  { pool, computes, deadlineMs }: RebuildOptions,
  { plan }: Generation,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const options = { tables: tablesOf(plan), statementTimeoutMs: deadlineMs };
  const rows = await readSnapshot(pool, options, ({ client }) => loadRows(client, plan, ids));
  const outcomes = assemble(plan, ids, rows, computes);
  return new Set(
    outcomes.filter((outcome) => 'fault' in outcome || outcome.document !== null).map(({ id }) => id),
  );
}

/** Whether a root that is not deleted may have no document: it is filtered out, or lacks a required partner. */
function mayLackDocument(plan: Plan): boolean {
  let required = false;
  walkShape(plan.shape, (node) => {
    if (node.node === 'one' && node.required) required = true;
  });
  return required || plan.where !== null;
}
