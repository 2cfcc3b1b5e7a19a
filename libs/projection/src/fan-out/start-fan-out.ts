import type { Pool } from 'pg';
import { backoffDelay, messageOf, silentLogger, sleep } from '#kernel';
import { AlarmClock } from '../flow/alarm-clock.js';
import { PauseWatch } from '../pause/pause-watch.js';
import { runFanOutChunk, type FanOutOptions } from './run-fan-out.js';

export interface StartFanOutOptions extends Omit<FanOutOptions, 'take'> {
  readonly pool: Pool;
  /** How long it waits when there is nothing to do and nobody wakes it, in milliseconds. */
  readonly pollMs?: number;
  /** Called when marks were committed: whoever builds may look at once. */
  readonly onMarked?: () => void;
}

export interface FanOutWorker {
  /** Looks at once; a hint, called when something was applied. */
  wake(): void;
  /** Lets the running chunks end. */
  close(): Promise<void>;
}

/**
 * Turns fan-out rows into marks until it is closed. Several workers, in one or many processes, share the rows. Fresh keys
 * and jobs are worked on side by side, on two connections, so that an ordinary change waits for no chunk of a wide one.
 */
export function startFanOut(options: StartFanOutOptions): FanOutWorker {
  const closing = new AbortController();
  // What is applied makes keys and never a job, so it wakes nobody who looks for jobs.
  const alarmClocks = { fresh: new AlarmClock(), jobs: new AlarmClock() };
  const pause = new PauseWatch(options.pool, { kind: 'fan-out' }, options.logger ?? silentLogger);
  const shared = { options, alarmClocks, pause };
  const loops = (['fresh', 'jobs'] as const).map((take) => work(shared, take, closing.signal));
  return {
    wake: () => alarmClocks.fresh.ring(),
    close: async () => {
      closing.abort();
      await Promise.all(loops);
    },
  };
}

type FanOutPart = 'fresh' | 'jobs';

interface Shared {
  readonly options: StartFanOutOptions;
  readonly alarmClocks: Readonly<Record<FanOutPart, AlarmClock>>;
  readonly pause: PauseWatch;
}

async function work(
  { options, alarmClocks, pause }: Shared,
  take: FanOutPart,
  closing: AbortSignal,
): Promise<void> {
  const { pool, pollMs = 200, logger = silentLogger, onMarked } = options;
  const alarmClock = alarmClocks[take];
  let failures = 0;
  while (!closing.aborted) {
    const heard = alarmClock.rings;
    try {
      if (await pause.isPaused()) {
        // Not by the alarm clock: what is applied rings it all the while.
        await sleep(pollMs, closing);
        continue;
      }
      const { claimed, marks, unfinished } = await runFanOutChunk(pool, { ...options, take });
      failures = 0;
      // A key that was found wide is a job now.
      if (take === 'fresh' && unfinished > 0) alarmClocks.jobs.ring();
      if (marks > 0) onMarked?.();
      if (claimed === 0) await alarmClock.sleep(pollMs, heard, closing);
    } catch (error) {
      failures += 1;
      logger.error({ reason: messageOf(error), failures }, 'The fan-out could not run; it is tried again.');
      // Not by the alarm clock: a wake must not turn an outage into a loop without a pause.
      await sleep(100 + backoffDelay({ baseMs: 200, maxMs: 10_000 }, failures), closing);
    }
  }
}
