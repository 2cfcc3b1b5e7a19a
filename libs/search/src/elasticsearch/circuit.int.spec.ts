import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Logger } from '#kernel';
import { silentLogger } from '#kernel';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  IndexMissingError,
  SearchCancelledError,
  SearchTimeoutError,
  SearchUnavailableError,
} from '../errors.js';
import type { SearchIndex } from '../search-index.js';
import { orderPlan } from '../testing/order-plan.js';
import type { Circuit } from './circuit.js';
import { elasticsearchIndex } from './elasticsearch-index.js';

/** What "at once" is told apart from: a tenth of it is more than a busy machine takes. */
const deadlineMs = 20_000;

describe('The circuit of those who read', () => {
  let space: TestSpace;
  let proxy: FaultyProxy;
  let search: SearchIndex;
  let index: string;
  const changes: Circuit[] = [];
  const logged: string[] = [];

  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    proxy = await startFaultyProxy(space.elasticsearchUrl);
    const log = (_fields: unknown, text?: string): void => void logged.push(text ?? String(_fields));
    const logger = { ...silentLogger, error: log, info: log, debug: () => undefined } as unknown as Logger;
    search = reader(proxy.url, logger, (circuit) => changes.push(circuit));
    index = `${space.indexPrefix}circuit`;
    await search.create(index, orderPlan);
  });
  afterEach(async () => {
    proxy.accept();
    proxy.resume();
    proxy.cut();
    await eventually(() => get());
    changes.length = 0;
    logged.length = 0;
  });
  afterAll(async () => {
    await search.close();
    await proxy.close();
    await space.dispose();
  });

  const get = (options: { deadlineMs?: number; signal?: AbortSignal; id?: string } = {}): Promise<unknown> =>
    search.get(index, options.id ?? 'a', { deadlineMs, ...options });

  /** Asks until it is refused without a call, which the server can not have seen. */
  const untilOpen = (): Promise<void> => eventually(() => expect(changes.at(-1)).toBe('open'));

  test('opens when nothing listens, refuses at once, and closes by itself', async () => {
    proxy.refuse();
    for (let at = 0; at < 3; at += 1) await expect(get()).rejects.toBeInstanceOf(SearchUnavailableError);
    expect(changes).toEqual(['open']);
    const began = performance.now();
    const asked = await Promise.allSettled(Array.from({ length: 200 }, (_, at) => get({ id: `id${at}` })));
    expect(performance.now() - began).toBeLessThan(deadlineMs / 10);
    for (const one of asked)
      expect(one).toMatchObject({
        reason: { message: expect.stringContaining('did not answer the last calls') },
      });
    expect(await search.healthy()).toBe(false);
    proxy.accept();
    await eventually(async () => expect(await get()).toBeNull());
    expect(changes).toEqual(['open', 'closed']);
    expect(logged).toEqual([
      'The search server does not answer: calls are refused until it does',
      'The search server answers again',
    ]);
  });

  test('opens for a server that takes calls and never answers, long before their deadline', async () => {
    proxy.stall();
    const caught = get().catch((error: unknown) => error);
    const began = performance.now();
    await untilOpen();
    expect(performance.now() - began).toBeLessThan(8_000);
    const refused = performance.now();
    await expect(get({ id: 'b' })).rejects.toBeInstanceOf(SearchUnavailableError);
    expect(performance.now() - refused).toBeLessThan(deadlineMs / 10);
    proxy.cut();
    proxy.resume();
    expect(await caught).toBeInstanceOf(SearchUnavailableError);
    await eventually(async () => expect(await get()).toBeNull());
    expect(changes).toEqual(['open', 'closed']);
  });

  test('stays closed for what the server answers and for what callers end', async () => {
    for (let at = 0; at < 5; at += 1) {
      await expect(get({ signal: AbortSignal.abort() })).rejects.toBeInstanceOf(SearchCancelledError);
      await expect(search.get(`${index}-none`, 'a', { deadlineMs })).rejects.toBeInstanceOf(
        IndexMissingError,
      );
      // Longer than the server holds anything.
      await expect(search.openPointInTime(index, 1e10)).rejects.toMatchObject({ code: 'search_refused' });
    }
    expect(changes).toEqual([]);
  });

  test('stays closed when deadlines pass and the server answers others', async () => {
    for (let at = 0; at < 5; at += 1) {
      proxy.stall();
      const late = get({ deadlineMs: 20 });
      await expect(late).rejects.toBeInstanceOf(SearchTimeoutError);
      proxy.resume();
    }
    expect(await get()).toBeNull();
    expect(changes).toEqual([]);
  });

  test('is not asked by those who write: each of their calls is made', async () => {
    const writing = elasticsearchIndex({ node: proxy.url, logger: silentLogger });
    proxy.refuse();
    for (let at = 0; at < 5; at += 1)
      await expect(writing.count(index)).rejects.toBeInstanceOf(SearchUnavailableError);
    proxy.accept();
    expect(await writing.count(index)).toBe(0);
    await writing.close();
  });
});

test.each([
  [502, '<html>Bad Gateway</html>', 'open'],
  [503, '{"error":{"type":"search_phase_execution_exception","reason":"all shards failed"}}', 'closed'],
])('a gateway that answers for a server is none: %d %s is %s', async (status, body, expected) => {
  const gateway = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end(body));
  });
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve));
  const circuits: Circuit[] = ['closed'];
  const { port } = gateway.address() as AddressInfo;
  const search = reader(`http://127.0.0.1:${port}`, silentLogger, (circuit) => circuits.push(circuit));
  for (let at = 0; at < 5; at += 1)
    await expect(search.get('x', 'a', { deadlineMs })).rejects.toBeInstanceOf(SearchUnavailableError);
  expect(circuits.at(-1)).toBe(expected);
  await search.close();
  gateway.closeAllConnections();
  await new Promise((resolve) => gateway.close(resolve));
});

function reader(node: string, logger: Logger, onCircuit: (circuit: Circuit) => void): SearchIndex {
  return elasticsearchIndex({ node, logger, reading: { onShared: () => undefined, onCircuit } });
}
