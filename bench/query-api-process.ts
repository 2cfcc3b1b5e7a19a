import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { BenchSpace } from './bench-space.js';

/** A query API as its users run it: a process of its own. */
export interface QueryApiProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

export async function startQueryApiProcess({
  elasticsearchUrl,
  indexPrefix,
}: BenchSpace): Promise<QueryApiProcess> {
  const child = spawn(process.execPath, ['dist/apps/query-api/src/main.js'], {
    env: {
      ...process.env,
      QUERY_API_PORT: '0',
      ELASTICSEARCH_URL: elasticsearchUrl,
      INDEX_PREFIX: indexPrefix,
      PROJECTION_DATABASE_URL: '',
      CURSOR_SECRET: 'a secret of a benchmark',
      LOG_LEVEL: 'info',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const text of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(text) as { msg: string; url?: string };
    if (entry.msg !== 'Listening' || entry.url === undefined) continue;
    child.stdout.resume();
    return {
      url: entry.url,
      pid: child.pid ?? 0,
      stop: async () => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
  throw new Error('The query API ended before it listened.');
}
