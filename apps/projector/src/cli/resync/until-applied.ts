import { sleep } from '#kernel';
import { ResyncLeftError } from './errors.js';

export interface Backlog {
  /** Copies that are applied, of those that are waited for. */
  readonly applied: number;
  /** Messages that wait for the projector. */
  readonly waiting: number;
}

export interface WaitOptions {
  readonly source: string;
  /** How many have to be applied. */
  readonly expected: number;
  readonly look: () => Promise<Backlog>;
  readonly onProgress: (applied: number) => void;
  /** Called once for each time that nothing has moved for `stallMs` though messages wait. */
  readonly onStall: (waiting: number) => void;
  readonly signal: AbortSignal;
  readonly pauseMs?: number;
  readonly stallMs?: number;
}

/**
 * Waits until the projector has applied what was published, and returns how many are missing: none, unless its queue
 * stays empty and nothing comes any more (they are in its dead letters then). While messages wait it goes on waiting.
 *
 * An empty queue alone says little: a consumer may hold a batch, and a relay may be about to publish. So the copies are
 * counted too.
 * @throws {ResyncLeftError} at the signal
 */
export async function untilApplied(options: WaitOptions): Promise<number> {
  const { source, expected, look, onProgress, onStall, signal, pauseMs = 500, stallMs = 30_000 } = options;
  let last: Backlog = { applied: -1, waiting: -1 };
  let stillMs = 0;
  for (;;) {
    const now = await look();
    onProgress(Math.min(now.applied, expected));
    if (now.waiting === 0 && now.applied >= expected) return 0;
    stillMs = now.applied === last.applied && now.waiting === last.waiting ? stillMs + pauseMs : 0;
    last = now;
    if (stillMs >= stallMs) {
      if (now.waiting === 0) return expected - now.applied;
      onStall(now.waiting);
      stillMs = 0;
    }
    await sleep(pauseMs, signal);
    if (signal.aborted) throw new ResyncLeftError(source);
  }
}
