import type { ClientBase, Pool } from 'pg';
import { PrejoinError, type Clock, type Logger } from '#kernel';
import type { SearchIndex, WriteOperation } from '#search';
import { assembleText, type Computes, type LoadedRows } from '#views';
import { isBuildable, missingComputes, type Generation } from '../generations/generation.js';
import { knownGenerations, readSignature } from '../generations/known-generations.js';
import { readSnapshot, type Snapshot } from '../revision/snapshot.js';
import { allEnded } from '../schema/all-ended.js';
import { sqlState } from '../schema/transaction.js';
import { loadRows, tablesOf } from './load/load.js';
import type { RootSpan } from './load/span.js';
import type { BuildMetrics } from './metrics.js';
import { writeDocuments, type DocumentOutcome } from './write-documents.js';

export interface BuildContext {
  /** The documents are read on connections of this pool, which must not be the ones that hold claims. */
  readonly pool: Pool;
  readonly index: SearchIndex;
  /** Every compute function of this process, of all views. */
  readonly computes: Computes;
  /** From the snapshot to the last byte sent; far below the tombstones' life of an hour. */
  readonly deadlineMs: number;
  readonly logger: Logger;
  readonly metrics: BuildMetrics;
  readonly clock?: Clock;
}

/** One write with what it was for. */
export interface BuiltWrite {
  readonly generation: Generation;
  readonly rootId: string;
  readonly body: string | null;
  readonly outcome: DocumentOutcome;
}

export type BuildResult =
  | {
      readonly kind: 'written';
      /** How long the rows took to read, in milliseconds, the wait for a connection included. */
      readonly readMs: number;
      readonly revision: number;
      readonly writes: readonly BuiltWrite[];
      /** Wanted generations that need functions which this process lacks: another process has to write them. */
      readonly left: readonly Generation[];
    }
  /** The snapshot lists no wanted generation that this process has the functions of. */
  | { readonly kind: 'not_runnable'; readonly missing: readonly string[] }
  /** The snapshot lists no wanted generation that takes writes: all are stopped or retired. */
  | { readonly kind: 'no_generation' };

/** Generations came and went faster than they could be read. */
export class GenerationsUnstableError extends PrejoinError {
  constructor(view: string) {
    super(
      'generations_unstable',
      `The generations of view ${view} changed again and again while it was read.`,
      {
        remedy: 'Let one rebuild of the view end before the next begins.',
      },
    );
  }
}

export interface BuildChoice {
  /** Which generations are written; all unless told. */
  readonly wanted?: (generation: Generation) => boolean;
  /** Given where the roots stand side by side. */
  readonly span?: RootSpan | null;
  /** A rebuild's scan decides nothing and leaves no trace of what it sends (write-documents.ts). */
  readonly scans?: boolean;
}

/**
 * Builds the documents of `rootIds` from one snapshot and writes each to every generation of `view` that takes writes
 * and that `wanted` accepts: the whole document, or its deletion, at the snapshot's revision. Generations that need functions which this process lacks are left out and named.
 *
 * The order of the steps is what makes it safe (design rules 6 to 8): the generations are read inside the snapshot, the
 * log is made durable after the snapshot has ended, and only then is anything sent. What an index holds already is not
 * sent to it.
 */
export async function buildRoots(
  context: BuildContext,
  view: string,
  rootIds: readonly string[],
  { wanted = () => true, span = null, scans = false }: BuildChoice = {},
): Promise<BuildResult> {
  const startedAt = performance.now();
  const loaded = await loadInSnapshot(context, view, rootIds, { wanted, span });
  if (loaded.kind !== 'loaded') return loaded;
  const readMs = performance.now() - startedAt;
  const { revision } = loaded.snapshot;
  const prepared = loaded.perGeneration.flatMap(({ generation, rows }) =>
    prepare(generation, rootIds, rows, context.computes, revision),
  );
  context.metrics.documents(view, 'built', prepared.length);
  const writes = prepared.filter((write) => 'operation' in write);
  const outcomes = await writeDocuments(context, loaded.snapshot, writes, scans);
  const delivered = writes.map(({ operation, ...write }, at) => ({
    ...write,
    body: operation.kind === 'index' ? operation.body : null,
    outcome: outcomes[at] as DocumentOutcome,
  }));
  const faulty = prepared
    .filter((write) => 'fault' in write)
    .map(({ fault, ...write }) => ({
      ...write,
      body: null,
      outcome: { kind: 'refused', reason: fault } as const,
    }));
  return { kind: 'written', revision, readMs, writes: [...delivered, ...faulty], left: loaded.left };
}

interface LoadedGeneration {
  readonly generation: Generation;
  readonly rows: LoadedRows;
}
type Loaded =
  | {
      readonly kind: 'loaded';
      readonly snapshot: Pick<Snapshot<unknown>, 'revision' | 'takenAt'>;
      readonly perGeneration: readonly LoadedGeneration[];
      readonly left: readonly Generation[];
    }
  | Exclude<BuildResult, { kind: 'written' }>;

/**
 * Loads the rows of all wanted generations. The copies must be locked before the snapshot that names the generations
 * exists, so what is locked and read follows from the generations that are known, and all of it is asked for at once with
 * what the snapshot says of them. Where that is something else, they are read anew and the snapshot is taken again.
 */
async function loadInSnapshot(
  context: BuildContext,
  view: string,
  rootIds: readonly string[],
  choice: Pick<Required<BuildChoice>, 'wanted' | 'span'>,
): Promise<Loaded> {
  for (let attempt = 1; attempt <= 4; attempt++) {
    const { generations, signature } = await knownGenerations(context.pool, view, attempt > 1);
    const chosen = choose(context, generations.filter(choice.wanted));
    try {
      const snapshot = await readChosen(context, view, chosen, rootIds, choice.span);
      const [found, perGeneration] = snapshot.read;
      if (found !== signature) continue;
      return chosen.none ?? { kind: 'loaded', snapshot, perGeneration, left: chosen.left };
    } catch (error) {
      // Columns of a generation that is gone are dropped; whether it is one that is remembered shows when it is read anew.
      if (attempt > 1 || !namesWhatIsGone.has(sqlState(error) ?? '')) throw error;
    }
  }
  throw new GenerationsUnstableError(view);
}

/** undefined_table, undefined_column */
const namesWhatIsGone: ReadonlySet<string> = new Set(['42P01', '42703']);

function readChosen(
  { pool, deadlineMs }: BuildContext,
  view: string,
  { written }: Chosen,
  rootIds: readonly string[],
  span: RootSpan | null,
): Promise<Snapshot<readonly [string, readonly LoadedGeneration[]]>> {
  const tables = [...new Set(written.flatMap(({ plan }) => tablesOf(plan)))];
  return readSnapshot(pool, { tables, statementTimeoutMs: deadlineMs }, (client) =>
    allEnded([readSignature(client, view), loadGenerations(client, written, rootIds, span)]),
  );
}

interface Chosen {
  /** Those that take writes and that this process can make documents for. */
  readonly written: readonly Generation[];
  readonly left: readonly Generation[];
  /** Why nothing is written; null where something is. */
  readonly none: Exclude<BuildResult, { kind: 'written' }> | null;
}

function choose({ computes }: BuildContext, wanted: readonly Generation[]): Chosen {
  const open = wanted.filter((generation) => generation.stopped === null);
  const written = open.filter((generation) => isBuildable(generation, computes));
  const left = open.filter((generation) => !written.includes(generation));
  if (open.length === 0) return { written, left, none: { kind: 'no_generation' } };
  if (written.length > 0) return { written, left, none: null };
  const missing = left.flatMap((generation) => missingComputes(generation.plan, computes));
  return { written, left, none: { kind: 'not_runnable', missing } };
}

async function loadGenerations(
  client: ClientBase,
  generations: readonly Generation[],
  rootIds: readonly string[],
  span: RootSpan | null,
): Promise<readonly LoadedGeneration[]> {
  // Generations of one plan (a rebuild of an unchanged view) read the same rows.
  const byFingerprint = new Map<string, Promise<LoadedRows>>();
  for (const { fingerprint, plan } of generations)
    if (!byFingerprint.has(fingerprint))
      byFingerprint.set(fingerprint, loadRows(client, plan, rootIds, span));
  const loaded = await allEnded([...byFingerprint.values()]);
  const rows = new Map([...byFingerprint.keys()].map((fingerprint, at) => [fingerprint, loaded[at]]));
  return generations.map((generation) => ({
    generation,
    rows: rows.get(generation.fingerprint) as LoadedRows,
  }));
}

type Prepared = { readonly generation: Generation; readonly rootId: string } & (
  { readonly operation: WriteOperation } | { readonly fault: string }
);

function prepare(
  generation: Generation,
  rootIds: readonly string[],
  rows: LoadedRows,
  computes: Computes,
  revision: number,
): readonly Prepared[] {
  return assembleText(generation.plan, rootIds, rows, computes).map((assembled) => {
    const write = { generation, rootId: assembled.id };
    if ('fault' in assembled) return { ...write, fault: assembled.fault };
    const target = { index: generation.indexName, id: assembled.id, revision };
    return assembled.body === null
      ? { ...write, operation: { kind: 'delete', ...target } }
      : { ...write, operation: { kind: 'index', ...target, body: assembled.body } };
  });
}
