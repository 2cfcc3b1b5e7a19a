import type { Pool, PoolClient } from 'pg';
import { messageOf, silentLogger, type Logger } from '#kernel';
import { noMetrics, type ProjectionMetrics } from '../metrics.js';
import { inTransaction } from '../schema/transaction.js';
import { earlier } from './earlier.js';
import { beginJobs, claimFreshKeys, putKeysBack, type FreshKey } from './fresh-keys.js';
import { claimJob, delayAfterFault, goOn, joinJobs, putJobOff } from './jobs.js';
import { markWhole, type LookUp } from './look-up.js';

export interface FanOutOptions {
  /** What is worked on: keys that nobody has looked up yet, wide ones that go on chunk by chunk, or what there is. */
  readonly take?: 'fresh' | 'jobs' | 'any';
  /** The most fresh keys that are claimed at once. */
  readonly claim?: number;
  /** The most marks of one look-up. A key with as many roots, or more, becomes a job. */
  readonly chunk?: number;
  /** The same for jobs whose every look-up finds all roots again. */
  readonly listChunk?: number;
  /** Jobs wait while so many bulk marks of their view do. */
  readonly backlog?: number;
  /** A key with at most so many roots marks them as direct changes. */
  readonly directRoots?: number;
  readonly logger?: Logger;
  readonly metrics?: ProjectionMetrics;
}

export interface FanOutResult {
  /** Fresh keys, or one job. */
  readonly claimed: number;
  readonly marks: number;
  /** Keys whose roots are not all marked yet: they are jobs, or were put back for the next run. */
  readonly unfinished: number;
  /** Keys that were put back after a fault. */
  readonly failed: number;
}

const nothing: FanOutResult = { claimed: 0, marks: 0, unfinished: 0, failed: 0 };

/** A transaction marks about as many roots at most as direct changes, however many keys it has. */
const MOST_DIRECT = 1_000;

/**
 * Takes fresh keys and marks their roots, or marks the next chunk of a job, in one transaction: after a crash all is there
 * again as it was. Nothing waiting gives `claimed: 0`.
 */
export async function runFanOutChunk(pool: Pool, options: FanOutOptions = {}): Promise<FanOutResult> {
  const metrics = options.metrics ?? noMetrics;
  const result = await inTransaction(pool, (client) => fanOutChunk(client, options), {
    onRetry: (code) => metrics.retried(code),
  });
  if (result.claimed > 0) metrics.fannedOut(result.claimed, result.marks, result.failed);
  return result;
}

/**
 * The same in the caller's transaction, which has to be READ COMMITTED and must not be the one that changed the copies:
 * a look-up inside it does not see the links that commit at the same time (51 stale documents in 4 108 rounds).
 */
export async function fanOutChunk(client: PoolClient, options: FanOutOptions = {}): Promise<FanOutResult> {
  const { take = 'any' } = options;
  const fresh = take === 'jobs' ? nothing : await lookUpFresh(client, options);
  return fresh.claimed > 0 || take === 'fresh' ? fresh : goOnWithJob(client, options);
}

async function goOnWithJob(client: PoolClient, options: FanOutOptions): Promise<FanOutResult> {
  const { chunk = 1_000, listChunk = 20_000, backlog = 10_000, logger } = options;
  const job = await claimJob(client, backlog);
  if (job === null) return nothing;
  const done = await attempt(client, logger, { route: job.route, keys: 1 }, () =>
    goOn(client, job, { chunk, listChunk, backlog }),
  );
  if (done === 'failed') {
    await putJobOff(client, job);
    return { ...nothing, claimed: 1, failed: 1 };
  }
  return { ...nothing, claimed: 1, marks: done.marks, unfinished: done.finished ? 0 : 1 };
}

/**
 * Looks fresh keys up together, route by route. If they have too many roots together, by halves, until a key that is
 * wide by itself becomes a job: its neighbours do not wait for it, and are no part of a wide change.
 */
async function lookUpFresh(client: PoolClient, options: FanOutOptions): Promise<FanOutResult> {
  const { claim = 200, chunk = 1_000, directRoots = 100, logger } = options;
  const claimed = await claimFreshKeys(client, claim);
  if (claimed.length === 0) return nothing;
  const alone = await joinJobs(client, claimed);
  const result = { ...nothing, claimed: claimed.length, unfinished: claimed.length - alone.length };

  const wide: FreshKey[] = [];
  const groups: (readonly FreshKey[])[] = [
    ...Map.groupBy(alone, (key) => JSON.stringify(key.route)).values(),
  ];
  for (let group = groups.pop(); group !== undefined; group = groups.pop()) {
    const keys = group;
    // What is left would make the transaction long; it comes back at once.
    if (result.marks >= chunk) {
      await putKeysBack(client, keys, 0);
      result.unfinished += keys.length;
      continue;
    }
    const directUpTo = Math.min(MOST_DIRECT, directRoots * keys.length);
    const found = await attempt(client, logger, { route: keys[0]?.route, keys: keys.length }, () =>
      markWhole(client, lookUpOf(keys), { limit: chunk, directUpTo }),
    );
    if (found === 'failed') result.failed += await putFaultyBack(client, keys);
    else if (found !== 'too_many') result.marks += found;
    else if (keys.length === 1) wide.push(...keys);
    else groups.push(...halves(keys));
  }
  await beginJobs(client, wide);
  return { ...result, unfinished: result.unfinished + wide.length };
}

/** One route that can not be looked up must not hold back the others. A lost connection fails here as well, for good. */
async function attempt<T>(
  client: PoolClient,
  logger: Logger = silentLogger,
  what: object,
  work: () => Promise<T>,
): Promise<T | 'failed'> {
  await client.query('SAVEPOINT look_up');
  try {
    const result = await work();
    await client.query('RELEASE SAVEPOINT look_up');
    return result;
  } catch (error) {
    await client.query('ROLLBACK TO SAVEPOINT look_up');
    logger.error({ ...what, reason: messageOf(error) }, 'A fan-out failed; it is tried again later.');
    return 'failed';
  }
}

async function putFaultyBack(client: PoolClient, keys: readonly FreshKey[]): Promise<number> {
  const again = keys.map((key) => ({ ...key, attempts: key.attempts + 1 }));
  await putKeysBack(client, again, delayAfterFault(Math.max(...again.map((key) => key.attempts))));
  return keys.length;
}

function lookUpOf(group: readonly FreshKey[]): LookUp {
  const [first] = group;
  if (first === undefined) throw new RangeError('A group has at least one key.');
  return {
    route: first.route,
    keys: group.map((one) => one.key),
    occurredAt: group.map((one) => one.occurred_at).reduce(earlier),
  };
}

function halves<T>(all: readonly T[]): readonly (readonly T[])[] {
  const middle = Math.ceil(all.length / 2);
  return [all.slice(0, middle), all.slice(middle)];
}
