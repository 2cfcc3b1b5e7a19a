import type { Pool } from 'pg';
import { keysLeft } from '../fan-out/keys-left.js';
import { untilNone, type WaitEnd } from '../flow/until-none.js';
import type { Generation } from '../generations/generation.js';
import { marksOfRoots } from '../marks/marks-of-roots.js';
import { databaseNow } from '../schema/database-now.js';

export interface Waited {
  /** Of all that had changed. */
  readonly end: WaitEnd;
  /** Roots, of those asked for, that have a mark left. */
  readonly marked: ReadonlySet<string>;
  /** Changed keys are left whose look-up may reach any root of the view. */
  readonly keys: boolean;
}

export interface WaitOptions {
  readonly pool: Pool;
  readonly generation: Generation;
  readonly ids: readonly string[];
  /** What began until then is waited for, by the database's clock. */
  readonly since: string;
  /** When to give up, by `performance.now()`. */
  readonly deadlineAt: number;
  /** How long nothing may move, in milliseconds. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/**
 * Waits until everything that had changed when a snapshot was taken is built into these documents: first the changed keys
 * of the view, which become marks, then the marks of these roots. A row is gone only when its work has committed.
 */
export async function untilBuilt(options: WaitOptions): Promise<Waited> {
  const { pool, generation, since, signal } = options;
  const keys = await untilNone(() => keysLeft(pool, [generation.view], since), options);
  // The look-ups of what is gone have committed, so that their marks began before now.
  const now = await databaseNow(pool);
  let marked: ReadonlySet<string> = new Set();
  const marks = await untilNone(async () => {
    const found = await marksOfRoots(pool, {
      view: generation.view,
      rootIds: options.ids,
      indexNames: [generation.indexName],
      until: now,
    });
    marked = new Set(found.keys());
    return { count: [...found.values()].reduce((sum, count) => sum + count, 0) };
  }, options);
  signal.throwIfAborted();
  return { end: worse(keys, marks), marked, keys: keys !== 'none' };
}

function worse(one: WaitEnd, other: WaitEnd): WaitEnd {
  if (one === 'over' || other === 'over') return 'over';
  return one === 'still' || other === 'still' ? 'still' : 'none';
}
