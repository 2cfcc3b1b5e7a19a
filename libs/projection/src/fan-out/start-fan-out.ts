import type { Pool } from 'pg';
import { backoffDelay, messageOf, silentLogger, sleep } from '#kernel';
import { runFanOutChunk, type FanOutOptions } from './run-fan-out.js';

export interface StartFanOutOptions extends FanOutOptions {
  readonly pool: Pool;
  /** How long it waits when there is nothing to do and nobody wakes it, in milliseconds. */
  readonly pollMs?: number;
}

export interface FanOutWorker {
  /** Looks at once; a hint, called when something was applied. */
  wake(): void;
  /** Lets the running chunk end. */
  close(): Promise<void>;
}

/** Turns fan-out rows into marks until it is closed. Several workers, in one or many processes, share the rows. */
export function startFanOut(options: StartFanOutOptions): FanOutWorker {
  const closing = new AbortController();
  let woken = new AbortController();
  const rest = async (ms: number): Promise<void> => {
    await sleep(ms, AbortSignal.any([closing.signal, woken.signal]));
    woken = new AbortController();
  };
  const ended = work(options, closing.signal, rest);
  return {
    wake: () => woken.abort(),
    close: async () => {
      closing.abort();
      await ended;
    },
  };
}

async function work(
  options: StartFanOutOptions,
  closing: AbortSignal,
  rest: (ms: number) => Promise<void>,
): Promise<void> {
  const { pool, pollMs = 200, logger = silentLogger } = options;
  let failures = 0;
  while (!closing.aborted) {
    try {
      const { claimed } = await runFanOutChunk(pool, options);
      failures = 0;
      if (claimed === 0) await rest(pollMs);
    } catch (error) {
      failures += 1;
      logger.error({ reason: messageOf(error), failures }, 'The fan-out could not run; it is tried again.');
      // Not `rest`: a wake must not turn an outage into a loop without a pause.
      await sleep(100 + backoffDelay({ baseMs: 200, maxMs: 10_000 }, failures), closing);
    }
  }
}
