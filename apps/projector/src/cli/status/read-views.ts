import type { Pool } from 'pg';
import { messageOf } from '#kernel';
import {
  aliasName,
  countMarksByGeneration,
  missingComputes,
  readGenerations,
  type Generation,
  type WaitingMarks,
} from '#projection';
import { IndexMissingError } from '#search';
import type { BriefAccess } from '../brief-access.js';
import type { CliProjection } from '../with-projection.js';
import type { Unseen } from './unseen.js';

export interface GenerationStatus {
  readonly view: string;
  /** Null when only the index could be asked, and its name does not tell. */
  readonly generation: number | null;
  /** `served`: readers get it, which is all that could be seen without the database. */
  readonly state: string;
  readonly index: string;
  /** Null when the index does not answer; `problem` says why if it is this index alone. */
  readonly documents: number | null;
  readonly problem: string | null;
  readonly previousUntil: string | null;
  /** How the code declares the view: as this generation has it, otherwise, or not at all; null when it is not known. */
  readonly declaration: 'same' | 'other' | 'none' | null;
  /** Compute functions that the generation needs and this code lacks. */
  readonly lacks: readonly string[];
  /** Marks that are for this generation alone, left by a process that lacks a function of it. */
  readonly ownMarks: number;
}

/** The generations of the database, with the documents of their indices. */
export async function readGenerationStatus(
  { declared }: CliProjection,
  { pool, index }: BriefAccess,
  unseen: Unseen,
): Promise<readonly GenerationStatus[]> {
  const [generations, ownMarks] = await Promise.all([readGenerations(pool), countMarksByGeneration(pool)]);
  const fingerprints = new Map(declared.plans.map((plan) => [plan.view, plan.fingerprint]));
  return Promise.all(
    generations.map(async (generation) => {
      const { documents, problem } = await countOrReason(index, generation.indexName, unseen);
      return {
        view: generation.view,
        generation: generation.number,
        state: generation.state,
        index: generation.indexName,
        documents,
        problem: generation.stopped ?? problem,
        previousUntil: generation.keepUntil?.toISOString() ?? null,
        declaration: declarationOf(fingerprints.get(generation.view), generation),
        lacks: missingComputes(generation.plan, declared.computes),
        ownMarks: ownMarks.get(generation.indexName) ?? 0,
      };
    }),
  );
}

/** What readers get, told by the aliases alone: the database does not answer. */
export async function readServedIndices(
  { declared, config }: CliProjection,
  { index }: BriefAccess,
  unseen: Unseen,
): Promise<readonly GenerationStatus[]> {
  const served = await Promise.all(
    declared.plans.map(async ({ view }) => {
      const name = await unseen.see('Elasticsearch', () =>
        index.pointsAt(aliasName(config.INDEX_PREFIX, view)),
      );
      if (name === null) return [];
      const { documents, problem } = await countOrReason(index, name, unseen);
      const number = /\.(\d+)$/.exec(name)?.[1];
      return [
        {
          view,
          generation: number === undefined ? null : Number(number),
          state: 'served',
          index: name,
          documents,
          problem,
          previousUntil: null,
          declaration: null,
          lacks: [],
          ownMarks: 0,
        },
      ];
    }),
  );
  return served.flat();
}

async function countOrReason(
  index: BriefAccess['index'],
  name: string,
  unseen: Unseen,
): Promise<{ readonly documents: number | null; readonly problem: string | null }> {
  try {
    return { documents: await index.count(name), problem: null };
  } catch (error) {
    if (error instanceof IndexMissingError) return { documents: null, problem: messageOf(error) };
    unseen.add('Elasticsearch', messageOf(error));
    return { documents: null, problem: null };
  }
}

function declarationOf(declared: string | undefined, generation: Generation): 'same' | 'other' | 'none' {
  if (declared === undefined) return 'none';
  return declared === generation.fingerprint ? 'same' : 'other';
}

/** Changed keys that nobody has looked up yet. */
export async function countFanOut(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM fan_out');
  return rows[0]?.count ?? 0;
}

/** All marks together; the oldest is null when none waits. */
export function sumOf(marks: readonly WaitingMarks[]) {
  const sum = (pick: (one: WaitingMarks) => number): number => marks.reduce((all, one) => all + pick(one), 0);
  const direct = sum((one) => one.direct);
  const bulk = sum((one) => one.bulk);
  const oldestSeconds = marks.length === 0 ? null : Math.max(...marks.map((one) => one.oldestSeconds));
  return { count: direct + bulk, direct, bulk, oldestSeconds };
}
