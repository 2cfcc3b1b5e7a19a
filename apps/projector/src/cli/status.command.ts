import type { Pool } from 'pg';
import { messageOf } from '#kernel';
import { countDeadLetters, oldestFanOut, oldestMark, readGenerations, type Generation } from '#projection';
import type { SearchIndex } from '#search';
import type { Projection } from '../projection.js';
import { formatAge, formatTable } from './table.js';

export interface Status {
  readonly generations: readonly GenerationStatus[];
  /** Views that the code declares and that have no generation yet. */
  readonly withoutGeneration: readonly string[];
  readonly marks: Waiting;
  readonly fanOut: Waiting;
  readonly deadLetters: Readonly<Record<string, number>>;
}

interface GenerationStatus {
  readonly view: string;
  readonly generation: number;
  readonly state: string;
  readonly index: string;
  /** Null when the index does not answer; `problem` says why. */
  readonly documents: number | null;
  readonly problem: string | null;
  readonly previousUntil: string | null;
  /** Whether the code declares the view as this generation has it. */
  readonly declared: boolean;
}

interface Waiting {
  readonly count: number;
  readonly oldestSeconds: number | null;
}

/** What is served, what waits and what could not be done. */
export async function readStatus({ declared, index }: Projection, pool: Pool): Promise<Status> {
  const generations = await readGenerations(pool);
  const fingerprints = new Map(declared.plans.map((plan) => [plan.view, plan.fingerprint]));
  return {
    generations: await Promise.all(
      generations.map(async (generation) => ({
        ...(await describeGeneration(index, generation)),
        declared: fingerprints.get(generation.view) === generation.fingerprint,
      })),
    ),
    withoutGeneration: [...fingerprints.keys()].filter(
      (view) => !generations.some((one) => one.view === view),
    ),
    marks: { count: await countRows(pool, 'mark'), oldestSeconds: await oldestMark(pool) },
    fanOut: { count: await countRows(pool, 'fan_out'), oldestSeconds: await oldestFanOut(pool) },
    deadLetters: await countDeadLetters(pool),
  };
}

async function describeGeneration(
  index: SearchIndex,
  generation: Generation,
): Promise<Omit<GenerationStatus, 'declared'>> {
  const { documents, problem } = await countOrReason(index, generation.indexName);
  return {
    view: generation.view,
    generation: generation.number,
    state: generation.state,
    index: generation.indexName,
    documents,
    problem: generation.stopped ?? problem,
    previousUntil: generation.keepUntil?.toISOString() ?? null,
  };
}

async function countOrReason(
  index: SearchIndex,
  name: string,
): Promise<{ readonly documents: number | null; readonly problem: string | null }> {
  try {
    return { documents: await index.count(name), problem: null };
  } catch (error) {
    return { documents: null, problem: messageOf(error) };
  }
}

async function countRows(pool: Pool, table: 'mark' | 'fan_out'): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return rows[0]?.count ?? 0;
}

export function formatStatus(status: Status): string {
  const rows = status.generations.map((one) => [
    one.view,
    `${one.generation}`,
    one.state,
    one.index,
    one.documents === null ? '?' : one.documents.toLocaleString('en'),
    notesOn(one),
  ]);
  const missing = status.withoutGeneration.map((view) => [view, '-', 'none', '-', '-', 'start a projector']);
  return [
    formatTable(['VIEW', 'GENERATION', 'STATE', 'INDEX', 'DOCUMENTS', 'NOTE'], [...rows, ...missing]),
    '',
    formatTable(
      ['WAITING', 'COUNT', 'OLDEST'],
      [
        ['marks', `${status.marks.count}`, formatAge(status.marks.oldestSeconds)],
        ['fan-out', `${status.fanOut.count}`, formatAge(status.fanOut.oldestSeconds)],
      ],
    ),
    '',
    formatTable(
      ['DEAD LETTERS', 'OPEN'],
      Object.entries(status.deadLetters).map(([kind, count]) => [kind, `${count}`]),
    ),
  ].join('\n');
}

function notesOn({ view, state, problem, previousUntil, declared }: GenerationStatus): string {
  const notes: string[] = [];
  if (problem !== null) notes.push(`stopped: ${problem}`);
  if (state === 'previous' && previousUntil !== null)
    notes.push(`kept for a rollback until ${previousUntil}`);
  if (state === 'live' && !declared) notes.push(`the declaration changed: npx prejoin rebuild ${view}`);
  return notes.join('; ');
}
