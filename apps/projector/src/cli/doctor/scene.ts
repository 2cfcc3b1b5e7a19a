import type { Pool } from 'pg';
import {
  readGenerations,
  readPauses,
  readProcesses,
  type Generation,
  type Pause,
  type ProjectorProcess,
} from '#projection';
import type { CliProjection } from '../with-projection.js';

/** What several checks look at, read once; each of them fails by itself where it can not be read. */
export interface Scene {
  readonly projection: CliProjection;
  readonly pool: Pool;
  /** How long one question to a server may take, in milliseconds. */
  readonly deadlineMs: number;
  /** How long marks and keys may wait before it counts as wrong, in seconds. */
  readonly patienceSeconds: number;
  readonly generations: () => Promise<readonly Generation[]>;
  readonly processes: () => Promise<readonly ProjectorProcess[]>;
  readonly pauses: () => Promise<readonly Pause[]>;
}

export function sceneOf(
  projection: CliProjection,
  { pool, deadlineMs, patienceSeconds }: Pick<Scene, 'pool' | 'deadlineMs' | 'patienceSeconds'>,
): Scene {
  return {
    projection,
    pool,
    deadlineMs,
    patienceSeconds,
    generations: once(() => readGenerations(pool)),
    processes: once(() => readProcesses(pool)),
    pauses: once(() => readPauses(pool)),
  };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | null = null;
  return () => (asked ??= ask());
}
