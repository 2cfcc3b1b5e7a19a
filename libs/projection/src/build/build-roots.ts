import type { Pool } from 'pg';
import { PrejoinError, type Clock, type Logger } from '#kernel';
import type { SearchIndex, WriteOperation } from '#search';
import { assembleText, type Computes, type LoadedRows } from '#views';
import { isBuildable, missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { readSnapshot, type Snapshot } from '../revision/snapshot.js';
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
  { wanted = () => true, span = null }: BuildChoice = {},
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
  const outcomes = await writeDocuments(
    context,
    loaded.snapshot,
    writes.map((write) => write.operation),
  );
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
      readonly snapshot: Pick<Snapshot, 'revision' | 'takenAt'>;
      readonly perGeneration: readonly LoadedGeneration[];
      readonly left: readonly Generation[];
    }
  | Exclude<BuildResult, { kind: 'written' }>;

/**
 * Loads the rows of all wanted generations. The copies must be locked before the snapshot that names the generations
 * exists, so the list is read ahead and the snapshot taken again if it then names a generation that reads other copies.
 */
async function loadInSnapshot(
  { pool, computes, deadlineMs }: BuildContext,
  view: string,
  rootIds: readonly string[],
  { wanted, span }: Required<BuildChoice>,
): Promise<Loaded> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    const ahead = await readGenerations(pool, view);
    const tables = [...new Set(ahead.flatMap((generation) => tablesOf(generation.plan)))];
    const loaded = await readSnapshot<Loaded | 'unlocked'>(
      pool,
      { tables, statementTimeoutMs: deadlineMs },
      async (snapshot) => {
        const generations = (await readGenerations(snapshot.client, view)).filter(wanted);
        const open = generations.filter((generation) => generation.stopped === null);
        const written = open.filter((generation) => isBuildable(generation, computes));
        const left = open.filter((generation) => !written.includes(generation));
        if (open.length === 0) return { kind: 'no_generation' };
        if (written.length === 0)
          return {
            kind: 'not_runnable',
            missing: left.flatMap((generation) => missingComputes(generation.plan, computes)),
          };
        if (written.some(({ plan }) => tablesOf(plan).some((table) => !tables.includes(table))))
          return 'unlocked';
        const perGeneration = await loadGenerations(snapshot, written, rootIds, span);
        return {
          kind: 'loaded',
          snapshot: { revision: snapshot.revision, takenAt: snapshot.takenAt },
          perGeneration,
          left,
        };
      },
    );
    if (loaded !== 'unlocked') return loaded;
  }
  throw new GenerationsUnstableError(view);
}

async function loadGenerations(
  { client }: Snapshot,
  generations: readonly Generation[],
  rootIds: readonly string[],
  span: RootSpan | null,
): Promise<readonly LoadedGeneration[]> {
  // Generations of one plan (a rebuild of an unchanged view) read the same rows.
  const byFingerprint = new Map<string, LoadedRows>();
  const loaded: LoadedGeneration[] = [];
  for (const generation of generations) {
    const rows =
      byFingerprint.get(generation.fingerprint) ?? (await loadRows(client, generation.plan, rootIds, span));
    byFingerprint.set(generation.fingerprint, rows);
    loaded.push({ generation, rows });
  }
  return loaded;
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
