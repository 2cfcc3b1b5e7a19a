import type pg from 'pg';
import { order, sources } from '#commerce';
import { openPool, silentLogger, sleep } from '#kernel';
import type { Consumer } from '#messaging';
import { noMetrics, startBuilder, startFanOut, startProjectorConsumer } from '#projection';
import { contractOf, describe } from '#views';
import type { BenchSpace } from '../bench-space.js';
import type { ProjectionBed } from './projection-bed.js';

/** The three workers of a projector, as the app starts them with its defaults, in this process. */
export interface Workers {
  /** Resolves when so many deliveries of a source have been applied and all that was changed is in the index. */
  untilDone(deliveries: number, source?: string): Promise<void>;
  close(): Promise<void>;
}

export interface IdleWorkers extends Workers {
  consume(): void;
}

const LANES = 2;

export function startWorkers(space: BenchSpace, bed: ProjectionBed): Workers {
  const workers = startIdleWorkers(space, bed);
  workers.consume();
  return workers;
}

/** A projector that has built all there was and has not begun to consume, which it does when it is told to. */
export function startIdleWorkers(
  { databaseUrl, rabbitmqUrl, busPrefix }: BenchSpace,
  bed: ProjectionBed,
): IdleWorkers {
  const open = (max: number): pg.Pool => openPool({ connectionString: databaseUrl, max });
  const pools = { apply: open(6), claim: open(LANES + 1), build: open(LANES + 2) };
  const applied = new Map<string, number>();
  const builder = startBuilder({ ...bed.building, pool: pools.build, claimPool: pools.claim, lanes: LANES });
  const fanOut = startFanOut({ pool: pools.apply, onMarked: () => builder.wake() });
  const startConsuming = (): Consumer =>
    startProjectorConsumer({
      pool: pools.apply,
      url: rabbitmqUrl,
      busPrefix,
      sources: sources.map((source) => ({
        description: describe(source),
        received: contractOf(source).received,
      })),
      logger: silentLogger,
      metrics: {
        ...noMetrics,
        applied: (source, _, count) => void applied.set(source, (applied.get(source) ?? 0) + count),
      },
      onApplied: () => {
        fanOut.wake();
        builder.wake();
      },
    });
  let consumer: Consumer | null = null;
  return {
    consume: () => void (consumer ??= startConsuming()),
    untilDone: async (deliveries, source = order.name) => {
      while ((applied.get(source) ?? 0) < deliveries) await sleep(5);
      while (await isWaiting(bed.pool)) await sleep(5);
      await builder.idle();
    },
    close: async () => {
      await consumer?.close();
      await fanOut.close();
      await builder.close();
      await Promise.all(Object.values(pools).map((pool) => pool.end()));
    },
  };
}

async function isWaiting(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ waits: boolean }>(
    'SELECT EXISTS (SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job) AS waits',
  );
  return rows[0]?.waits === true;
}
