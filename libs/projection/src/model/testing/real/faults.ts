import type pg from 'pg';
import { sleep } from '#kernel';
import type { SearchIndex, WriteOutcome } from '#search';
import { interceptedPool } from '../../../testing/intercepted-pool.js';
import type { Random } from '../../../testing/random.js';
import { replacingAnswers } from '../../../testing/replacing-answers.js';

/**
 * A pool whose connections pause before some statements, so that others come between any two, and end before a few, as
 * those of a killed process do. Commits pause longer and more often: much can happen before what was written is seen.
 */
export function unreliablePool(pool: pg.Pool, random: Random): pg.Pool {
  return interceptedPool(pool, async (sql, client) => {
    const choice = random.below(256);
    if (choice === 255) return end(client);
    if (sql === 'COMMIT' && choice >= 160) return sleep((choice - 155) / 2);
    if (choice >= 215) return sleep(choice % 24);
  });
}

/** The statement that comes next fails by the lost connection. */
async function end(client: pg.PoolClient): Promise<void> {
  await client.query('SELECT pg_terminate_backend(pg_backend_pid())').then(
    () => undefined,
    () => undefined,
  );
}

const unanswered: WriteOutcome = { kind: 'retry', reason: 'the connection was lost', alarm: false };
const busy: WriteOutcome = { kind: 'retry', reason: 'es_rejected_execution_exception: busy', alarm: false };

/** The way from the builders to the index. */
export interface Network {
  /** Whether every request is late now. */
  holding: boolean;
  /** When nothing newer is under way any more. */
  readonly quiet: Promise<void>;
  /** Requests whose senders have given up on them, and which arrive all the same. */
  readonly late: Promise<unknown>[];
}

/**
 * An index that refuses some items for now, loses answers, and gets some requests late: after their senders have given
 * up on them, some possibly after newer ones, and the others after all newer ones. The senders have decided before
 * that to send them, so that nothing but their revisions can stop them.
 */
export function unreliableIndex(index: SearchIndex, random: Random, network: Network): SearchIndex {
  const refusing = replacingAnswers(index, () => (random.chance(0.05) ? busy : null)).index;
  return {
    ...refusing,
    write: async (operations, deadlineMs) => {
      if (random.chance(0.15)) await sleep(random.below(40));
      if (network.holding || random.chance(0.1)) {
        const arrival = network.holding || random.chance(0.5) ? network.quiet : sleep(30 + random.below(60));
        network.late.push(arrival.then(() => index.write(operations, deadlineMs)));
        return operations.map(() => unanswered);
      }
      const outcomes = await refusing.write(operations, deadlineMs);
      return random.chance(0.05) ? operations.map(() => unanswered) : outcomes;
    },
  };
}
