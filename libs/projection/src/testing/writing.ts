import type { Pool } from 'pg';
import { sleep } from '#kernel';
import type { Envelope } from '#messaging';
import { eventually } from '#testing';
import type { Random } from './random.js';
import type { Projector } from './release.js';

export interface Writing {
  /** Resolves when some more batches have been applied. */
  more(): Promise<void>;
  stop(): Promise<void>;
}

const KEPT_UP_WITH = { marks: 50, patienceMs: 250 };

/**
 * Waits for builders, so that a writer is as fast as they are on whatever machine this is: one that is faster has every
 * rebuild wait for it. Not for long, since there may be none.
 */
export async function untilKeptUp(pool: Pool): Promise<void> {
  const enough = performance.now() + KEPT_UP_WITH.patienceMs;
  for (;;) {
    const { rows } = await pool.query<{ many: boolean }>(
      'SELECT count(*) > $1 AS many FROM (SELECT FROM mark WHERE index_name IS NULL LIMIT $1 + 1) AS waiting',
      [KEPT_UP_WITH.marks],
    );
    if (rows[0]?.many !== true || performance.now() >= enough) return;
    await sleep(10);
  }
}

/** A stream of events, each batch taken from the queue by any process; one that fails gives it back. Some come twice. */
export function startWriting(
  pool: Pool,
  random: Random,
  publish: () => Envelope,
  taking: () => readonly Projector[],
): Writing {
  const stop = new AbortController();
  let batches = 0;
  const deliver = (events: readonly Envelope[]): Promise<void> =>
    eventually(() => (taking()[random.below(taking().length)] as Projector).deliver(events), {
      timeoutMs: 20_000,
    });
  const writing = (async () => {
    for (; !stop.signal.aborted; batches++) {
      const events = Array.from({ length: 1 + random.below(5) }, publish);
      await deliver(events);
      await deliver(events.slice(0, 2));
      await untilKeptUp(pool);
    }
  })();
  return {
    more: () => {
      const enough = batches + 10;
      return eventually(
        () => {
          if (batches < enough) throw new Error(`${batches} of ${enough} batches were applied`);
        },
        { timeoutMs: 20_000 },
      );
    },
    stop: () => {
      stop.abort();
      return writing;
    },
  };
}
