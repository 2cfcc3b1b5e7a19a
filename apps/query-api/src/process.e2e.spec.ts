import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

describe('The query API as a process', () => {
  let space: TestSpace;
  let proxy: FaultyProxy;
  let child: ChildProcess;
  let url: string;

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    proxy = await startFaultyProxy(space.elasticsearchUrl);
    child = spawn(process.execPath, ['dist/apps/query-api/src/main.js'], {
      env: {
        ...process.env,
        NODE_ENV: 'test',
        QUERY_API_PORT: '0',
        ELASTICSEARCH_URL: proxy.url,
        INDEX_PREFIX: space.indexPrefix,
        // Nobody listens there.
        PROJECTION_DATABASE_URL: 'postgres://reader:secret@127.0.0.1:1/projection',
        LOG_LEVEL: 'info',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    url = await listening(child);
  });
  afterAll(async () => {
    if (child.exitCode === null) child.kill('SIGKILL');
    await proxy.close();
    await space.dispose();
  });

  const status = async (path: string): Promise<number> => (await fetch(`${url}${path}`)).status;
  const problem = async (path: string): Promise<object> =>
    (await (await fetch(`${url}${path}`)).json()) as object;

  test('a view that was not built yet is 503 and says what to do', async () => {
    expect(await problem('/views/order-search')).toMatchObject({ status: 503, code: 'index_missing' });
    expect(await problem('/views/order-search/a')).toMatchObject({ status: 503, code: 'index_missing' });
    expect(await status('/health/ready')).toBe(200);
  });

  test('while Elasticsearch is away it lives, is not ready and answers 503; then it goes on by itself', async () => {
    proxy.refuse();
    await eventually(async () => expect(await status('/health/ready')).toBe(503));
    expect(await status('/health/live')).toBe(200);
    expect(await problem('/views/order-search')).toMatchObject({ status: 503, code: 'search_unavailable' });
    proxy.accept();
    await eventually(async () => expect(await status('/health/ready')).toBe(200));
  });

  test('without the projection’s database it is ready, says so, and answers at once', async () => {
    const ready = await fetch(`${url}/health/ready`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      dependencies: { elasticsearch: { up: true }, projection: { up: false } },
    });
    const begunAt = performance.now();
    expect(await status('/views/order-search?limit=1')).toBe(503);
    expect(performance.now() - begunAt).toBeLessThan(1_000);
  });

  test('SIGTERM ends it with exit code 0', async () => {
    child.kill('SIGTERM');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect(code).toBe(0);
  });
});

async function listening(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('The process has no output to read.');
  for await (const text of createInterface({ input: child.stdout })) {
    const entry = JSON.parse(text) as { msg: string; url?: string };
    if (entry.msg === 'Listening' && entry.url !== undefined) {
      child.stdout.resume();
      return entry.url;
    }
  }
  throw new Error('The process ended before it listened.');
}
