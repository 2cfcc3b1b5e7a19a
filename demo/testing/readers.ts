import { Agent, request } from 'node:http';
import { performance } from 'node:perf_hooks';
import { sleep } from '#kernel';

export interface Readers {
  /** What was answered so far; latencies since they were asked for last. */
  readonly take: () => ReadingResult;
  /** Sends no more, and resolves when all that was sent is answered. */
  readonly stop: () => Promise<ReadingResult>;
}

export interface ReadingResult {
  readonly requests: number;
  /** Answers other than 200, and requests without one: the first ones, as sentences. */
  readonly failed: readonly string[];
  readonly failures: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/**
 * Reads at a fixed rate, whatever the answers take (an open loop: a server that gets slow is asked no less), over
 * connections that are kept. Latency counts from when the request was due.
 */
export function startReaders(perSecond: number, next: () => string): Readers {
  const agent = new Agent({ keepAlive: true, maxSockets: 128 });
  const stop = new AbortController();
  const flying = new Set<Promise<void>>();
  let latencies: number[] = [];
  const failures: string[] = [];
  let requests = 0;
  const read = async (dueAt: number): Promise<void> => {
    const url = next();
    requests += 1;
    try {
      const status = await statusOf(url, agent);
      if (status !== 200) failures.push(`${status} for ${url}`);
      latencies.push(performance.now() - dueAt);
    } catch (error) {
      failures.push(`${String(error)} for ${url}`);
    }
  };
  const take = (): ReadingResult => {
    const since = latencies;
    latencies = [];
    return {
      requests,
      failed: failures.slice(0, 5),
      failures: failures.length,
      p50Ms: percentile(since, 0.5),
      p95Ms: percentile(since, 0.95),
    };
  };
  const sending = (async () => {
    let dueAt = performance.now();
    while (!stop.signal.aborted) {
      for (; dueAt <= performance.now(); dueAt += 1_000 / perSecond) {
        const one = read(dueAt).finally(() => flying.delete(one));
        flying.add(one);
      }
      await sleep(2, stop.signal);
    }
  })();
  return {
    take,
    stop: async () => {
      stop.abort();
      await sending;
      await Promise.all(flying);
      agent.destroy();
      return take();
    },
  };
}

function statusOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode ?? 0));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** The value that `share` of them are not above; 0 of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
