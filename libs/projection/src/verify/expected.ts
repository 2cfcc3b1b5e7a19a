import type { ClientBase } from 'pg';
import { assembleText } from '#views';
import type { KeyRange } from '#search';
import { loadRows, tablesOf } from '../build/load/load.js';
import { spanOf } from '../build/load/span.js';
import { BatchSize } from '../flow/batch-size.js';
import type { Generation } from '../generations/generation.js';
import { readSnapshot } from '../revision/snapshot.js';
import { allEnded } from '../schema/all-ended.js';
import { copyTable } from '../schema/names.js';
import { sqlState } from '../schema/transaction.js';
import type { VerifyContext } from './context.js';

/** What the copies make of a root: the document as it would be sent, or why it can not be made. */
export type Expected = { readonly id: string } & ({ readonly body: string } | { readonly fault: string });

/** An expected document with the revision of the snapshot that it was made in. */
export type ExpectedAt = Expected & { readonly revision: number };

/** What one snapshot makes of some roots. Roots without a document are absent. */
export interface ExpectedDocuments {
  readonly revision: number;
  /** When the snapshot was there, by the database, with its microseconds: what it sees has begun by then. */
  readonly at: string;
  readonly byId: ReadonlyMap<string, Expected>;
}

/** How many roots and documents a page has: what is read within half a second, and no more than a process should hold. */
export function pageSize(max = 2_000): BatchSize {
  return new BatchSize({ max, min: 1, maxBytes: 8 * 1024 * 1024, targetMs: 1_000 });
}

/** The documents of a range in id order, a page of roots at a time, each from a snapshot of its own. */
export async function* expectedPages(
  context: VerifyContext,
  generation: Generation,
  { after, to }: KeyRange,
  size: BatchSize,
  onRoots: (count: number) => void,
): AsyncGenerator<readonly ExpectedAt[], void, void> {
  let from = after;
  for (;;) {
    const limit = size.current;
    const startedAt = performance.now();
    const page = await pageAfter(context, generation, { after: from, to }, limit);
    const tookMs = performance.now() - startedAt;
    if (page === 'too_slow') {
      size.note({ limit, used: limit, tookMs, pushedBack: true });
      continue;
    }
    const { ids, documents } = page;
    size.note({ limit, used: ids.length, tookMs, pushedBack: false });
    size.weigh(generation.indexName, documents.length, bytesOf(documents));
    yield documents;
    onRoots(ids.length);
    if (ids.length < limit) return;
    from = ids.at(-1) as string;
  }
}

function bytesOf(documents: readonly Expected[]): number {
  return documents.reduce((sum, one) => sum + ('body' in one ? one.body.length : 0), 0);
}

interface RootPage {
  readonly ids: readonly string[];
  readonly documents: readonly ExpectedAt[];
}

async function pageAfter(
  context: VerifyContext,
  generation: Generation,
  { after, to }: KeyRange,
  limit: number,
): Promise<RootPage | 'too_slow'> {
  const { plan } = generation;
  const options = { tables: tablesOf(plan), statementTimeoutMs: context.deadlineMs };
  try {
    const { revision, read } = await readSnapshot(context.pool, options, async (client) => {
      const ids = await rootsAfter(client, plan.root, { after, to }, limit);
      return { ids, rows: await loadRows(client, plan, ids, spanOf(ids)) };
    });
    const { ids, rows } = read;
    const made = madeOf(context, generation, ids, rows);
    return { ids, documents: made.map((one) => ({ ...one, revision })) };
  } catch (error) {
    // Roll-ups of a thousand roots may take long where those of fifty do not.
    if (sqlState(error) === '57014' && limit > 1) return 'too_slow';
    throw error;
  }
}

async function rootsAfter(
  client: ClientBase,
  source: string,
  { after, to }: KeyRange,
  limit: number,
): Promise<readonly string[]> {
  // Bounds that are not there are left out: as `$1 IS NULL OR id > $1` they would not be looked up in the index.
  const values: unknown[] = [limit];
  const bound = (value: string | null, operator: string): string =>
    value === null ? '' : ` AND id ${operator} $${values.push(value)}`;
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM ${copyTable(source)} WHERE NOT deleted${bound(after, '>')}${bound(to, '<=')} ORDER BY id LIMIT $1`,
    values,
  );
  return rows.map((row) => row.id);
}

/** What the copies make of these roots now, in one snapshot. Ids that no copy can have are asked for without harm. */
export async function expectedOf(
  context: VerifyContext,
  generation: Generation,
  ids: readonly string[],
): Promise<ExpectedDocuments> {
  const { plan } = generation;
  const storable = ids.filter(isStorable);
  const options = { tables: tablesOf(plan), statementTimeoutMs: context.deadlineMs };
  const { revision, read } = await readSnapshot(context.pool, options, (client) =>
    allEnded([
      // As text: a JavaScript date would cut off the microseconds.
      client.query<{ at: string }>('SELECT clock_timestamp()::text AS at'),
      loadRows(client, plan, storable),
    ]),
  );
  const [clock, rows] = read;
  const made = madeOf(context, generation, storable, rows);
  return { revision, at: clock.rows[0]?.at ?? '', byId: new Map(made.map((one) => [one.id, one])) };
}

/** Whether PostgreSQL can hold the text at all: a document that somebody wrote into the index may have any id. */
export function isStorable(id: string): boolean {
  return id.isWellFormed() && !id.includes('\0');
}

function madeOf(
  { computes }: VerifyContext,
  { plan }: Generation,
  ids: readonly string[],
  rows: Awaited<ReturnType<typeof loadRows>>,
): readonly Expected[] {
  return assembleText(plan, ids, rows, computes).flatMap((made): Expected[] => {
    if ('fault' in made) return [made];
    return made.body === null ? [] : [{ id: made.id, body: made.body }];
  });
}
