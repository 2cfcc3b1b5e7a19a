import { messageOf } from '#kernel';
import { missingComputes, readGenerations, type Generation } from '../generations/generation.js';
import { countMarksByGeneration } from '../marks/waiting.js';
import { readPauses } from '../pause/pauses.js';
import { copyTable } from '../schema/names.js';
import { heldIn, type HeldIn } from './held-in.js';
import { countLetters, deleteLetters, type Letters, type LettersOf } from './letters.js';
import { closeLettersTo, eraseCopy, refuseUnlessReady } from './tombstone.js';
import { workOff, type WorkOffOptions, type Waiting } from './work-off.js';

export interface EraseOptions extends Omit<
  WorkOffOptions,
  'views' | 'except' | 'paused' | 'onLeft' | 'stallMs'
> {
  readonly source: string;
  readonly id: string;
  /** All sources that are known here, `source` among them. */
  readonly sources: readonly string[];
  readonly stallMs?: number;
  readonly onProgress?: (phase: 'documents' | 'vacuum', done: number, total: number) => void;
}

/** Where data of an aggregate is in the projection. */
export interface Traces {
  readonly copy: boolean;
  /** Since when the aggregate is erased; null when it is not. */
  readonly erasedAt: Date | null;
  readonly documents: readonly HeldIn[];
  readonly letters: Letters;
}

/** What could not be erased, and what has to happen before the command is run again. */
export interface Left {
  readonly what: string;
  readonly remedy: string;
}

export interface ErasedTraces {
  readonly found: Traces;
  readonly lettersDeleted: Pick<Letters, 'messages' | 'documents'>;
  readonly left: readonly Left[];
}

/**
 * Looks where an aggregate's data is, and changes nothing.
 * @throws {ErasureNotReadyError}
 */
export async function findTraces({
  pool,
  source,
  id,
  sources,
}: Pick<EraseOptions, 'pool' | 'source' | 'id' | 'sources'>): Promise<Traces> {
  await refuseUnlessReady(pool, source);
  const { rows } = await pool.query<{ data: boolean; erased_at: Date | null }>(
    `SELECT data IS NOT NULL AS data, erased_at FROM ${copyTable(source)} WHERE id = $1`,
    [id],
  );
  return {
    copy: rows[0]?.data === true,
    erasedAt: rows[0]?.erased_at ?? null,
    documents: await heldIn(pool, source, id),
    letters: await countLetters(pool, { source, id, sources, views: await viewsOf(pool, source) }),
  };
}

/**
 * Takes the data of one aggregate out of the projection: its copy, its dead letters, and the documents of all generations
 * that it stands in. A row stays that keeps whatever comes later from bringing it back.
 *
 * It may be killed and run again: each step is harmless when repeated, and what waits stands in the database.
 * @throws {ErasureNotReadyError}; what keeps it from its first steps. What comes after is told as `left`
 */
export async function eraseAggregate(options: EraseOptions): Promise<ErasedTraces> {
  const { pool, source, id, sources } = options;
  const found = await findTraces(options);
  await closeLettersTo(pool, source, id);
  await eraseCopy(pool, source, id);
  const views = await viewsOf(pool, source);
  const letters: LettersOf = { source, id, sources, views };
  const lettersDeleted = await deleteLetters(pool, letters);
  const reachable = await options.index.healthy();
  let left = reachable ? await build(options, views) : [indexAway];
  if (left.length === 0 && !options.signal.aborted) {
    // Of documents that were refused while it began. What is refused without the data comes back as the marks are built.
    const late = await deleteLetters(pool, letters);
    if (late.documents > 0) left = await build(options, views);
  }
  const notWritten = await generationsLeft(options, views);
  const dead = await vacuum(options);
  return { found, lettersDeleted, left: [...left, ...notWritten, ...dead] };
}

const indexAway: Left = {
  what: 'documents of all views that read it: the index server does not answer',
  remedy: 'When it answers, run the command again; projectors that run write the documents by themselves.',
};

async function build(options: EraseOptions, views: readonly string[]): Promise<readonly Left[]> {
  if (views.length === 0) return [];
  const { stallMs = 30_000, onProgress = () => undefined } = options;
  let most = 0;
  const paused = await pausesOf(options, views);
  const foreign = (await readGenerations(options.pool)).filter(
    ({ plan }) => missingComputes(plan, options.computes).length > 0,
  );
  const waiting = await workOff({
    ...options,
    views,
    except: foreign.map(({ indexName }) => indexName),
    paused,
    stallMs,
    onLeft: (count) => {
      most = Math.max(most, count);
      onProgress('documents', most - count, most);
    },
  });
  return leftOf(waiting, paused, options.signal.aborted);
}

async function pausesOf({ pool }: EraseOptions, views: readonly string[]): Promise<readonly string[]> {
  return (await readPauses(pool)).flatMap(({ what }) => {
    if (what.kind === 'fan-out') return ['fan-out'];
    return views.includes(what.view) ? [what.view] : [];
  });
}

function leftOf({ keys, marks }: Waiting, paused: readonly string[], aborted: boolean): readonly Left[] {
  const again = 'Run the command again, or let the projectors build them.';
  const remedy = (name: string): string => {
    if (paused.includes(name)) return `npx prejoin resume ${name}, and run the command again.`;
    return aborted ? 'It was interrupted: run the command again.' : again;
  };
  return [
    ...(keys === 0
      ? []
      : [{ what: `${keys} changed keys whose documents are not known yet`, remedy: remedy('fan-out') }]),
    ...[...marks].map(([view, count]) => ({
      what: `${count} documents of ${view} that are not built yet`,
      remedy: remedy(view),
    })),
  ];
}

/** Generations that nobody here can write: their indices hold what they held. */
async function generationsLeft(
  { pool, computes }: EraseOptions,
  views: readonly string[],
): Promise<readonly Left[]> {
  const { rows } = await pool.query<{ index_name: string }>(
    `SELECT index_name FROM generation WHERE state = 'retired' AND keep_until IS NOT NULL AND view = ANY($1)`,
    [views],
  );
  const ownMarks = await countMarksByGeneration(pool);
  const generations = (await readGenerations(pool)).filter(({ view }) => views.includes(view));
  return [
    ...generations.flatMap((generation) =>
      leftInGeneration(
        generation,
        missingComputes(generation.plan, computes).length > 0 && ownMarks.has(generation.indexName),
      ),
    ),
    ...rows.map(({ index_name }) => ({
      what: `index ${index_name}, which is retired and still to be dropped`,
      remedy: 'A projector drops it when nobody reads it any more, an hour after its time at the latest.',
    })),
  ];
}

function leftInGeneration({ indexName, state, stopped }: Generation, foreign: boolean): readonly Left[] {
  if (stopped !== null)
    return [
      {
        what: `index ${indexName} (${state}), to which nothing is written: ${stopped}`,
        remedy:
          'Open the index, or rebuild the view and let the old index be dropped; then run the command again.',
      },
    ];
  if (foreign)
    return [
      {
        what: `index ${indexName} (${state}), which computes with functions that this code lacks`,
        remedy: 'A projector of the release that declares them writes it; then run the command again.',
      },
    ];
  return [];
}

/** Rows that were replaced stay in the files until they are cleaned up. */
async function vacuum({
  pool,
  source,
  onProgress = () => undefined,
}: EraseOptions): Promise<readonly Left[]> {
  const left: Left[] = [];
  const tables = [copyTable(source), 'dead_letter'];
  for (const [at, table] of tables.entries()) {
    onProgress('vacuum', at, tables.length);
    try {
      await pool.query(`VACUUM ${table}`);
    } catch (error) {
      left.push({
        what: `dead rows of ${table} in its files: ${messageOf(error)}`,
        remedy: `Let the owner of the table run: VACUUM ${table}`,
      });
    }
  }
  return left;
}

/** By any generation, also those that are retired: letters of them may be there. */
async function viewsOf(pool: EraseOptions['pool'], source: string): Promise<readonly string[]> {
  const { rows } = await pool.query<{ view: string }>(
    `SELECT DISTINCT view FROM generation
     WHERE EXISTS (SELECT FROM json_array_elements(plan -> 'levels') AS level WHERE level ->> 'source' = $1)
     ORDER BY view`,
    [source],
  );
  return rows.map(({ view }) => view);
}
