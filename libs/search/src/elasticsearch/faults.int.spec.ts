import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { silentLogger, type Logger } from '#kernel';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IndexMissingError, SearchTimeoutError, SearchUnavailableError } from '../errors.js';
import type { StatsRequest, SuggestRequest } from '../aggregates.js';
import type { SearchIndex, SearchRequest } from '../search-index.js';
import { put, remove } from '../search-index.contract.js';
import { orderPlan } from '../testing/order-plan.js';
import { elasticsearchIndex } from './elasticsearch-index.js';

const deadlineMs = 20_000;
const everything: SearchRequest = {
  where: null,
  q: null,
  in: null,
  sort: [],
  fields: null,
  limit: 10,
  after: null,
  offset: 0,
};

const suggestion: SuggestRequest = { field: 'customer.name', prefix: 'an', where: null, limit: 10 };
const figures: StatsRequest = { where: null, q: null, in: null, by: null, metrics: [], limit: 10 };

describe('When Elasticsearch refuses or is away', () => {
  let space: TestSpace;
  let proxy: FaultyProxy;
  let search: SearchIndex;
  let index: string;
  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    proxy = await startFaultyProxy(space.elasticsearchUrl);
    search = elasticsearchIndex({ node: proxy.url, logger: silentLogger, requestTimeoutMs: 20_000 });
    index = `${space.indexPrefix}faults`;
    await search.create(index, orderPlan);
  });
  afterAll(async () => {
    await search.close();
    await proxy.close();
    await space.dispose();
  });
  afterEach(() => proxy.accept());

  const server = async (method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(`${space.elasticsearchUrl}/${index}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    expect([path, response.status, await response.text()]).toEqual([path, 200, expect.any(String)]);
  };

  test('a closed index stops its generation, and is told from an unknown document', async () => {
    await server('POST', '/_close');
    const outcomes = await search.write([put(index, 'a', 1), remove(index, 'b', 1)], deadlineMs);
    expect(outcomes.map((outcome) => outcome.kind)).toEqual(['index_unavailable', 'index_unavailable']);
    await expect(search.get(index, 'a', { deadlineMs })).rejects.toBeInstanceOf(IndexMissingError);
    await expect(search.search(index, orderPlan, everything, { deadlineMs })).rejects.toBeInstanceOf(
      IndexMissingError,
    );
    await server('POST', '/_open');
    await eventually(async () =>
      expect(await search.write([put(index, 'a', 1)], deadlineMs)).toEqual([{ kind: 'done' }]),
    );
  });

  test.each([
    ['a write block', 'index.blocks.write'],
    ['the flood stage of a full disk', 'index.blocks.read_only_allow_delete'],
  ])('%s is to be tried again, and somebody has to know', async (_name, setting) => {
    const alarms: object[] = [];
    const logger = { ...silentLogger, error: (fields: object) => alarms.push(fields) } as unknown as Logger;
    const watched = elasticsearchIndex({ node: space.elasticsearchUrl, logger });
    await server('PUT', '/_settings', { [setting]: true });
    const outcomes = await watched.write([put(index, 'a', 5), put(index, 'b', 5)], deadlineMs);
    await server('PUT', '/_settings', { [setting]: null });
    expect(outcomes).toMatchObject([
      { kind: 'retry', alarm: true },
      { kind: 'retry', alarm: true },
    ]);
    expect(alarms).toMatchObject([{ writes: 2 }]);
    await watched.close();
    expect((await search.write([put(index, 'a', 5)], deadlineMs)).map((outcome) => outcome.kind)).toEqual([
      'done',
    ]);
  });

  test('a lost connection is to be tried again', async () => {
    proxy.cutWhenClientSends('POISON');
    const outcomes = await search.write(
      [put(index, 'a', 9, { extra: 'POISON' }), put(index, 'b', 9)],
      deadlineMs,
    );
    expect(outcomes).toMatchObject([
      { kind: 'retry', alarm: false },
      { kind: 'retry', alarm: false },
    ]);
    expect((await search.write([put(index, 'b', 9)], deadlineMs)).map((outcome) => outcome.kind)).toEqual([
      'done',
    ]);
  });

  test('what has no answer by the deadline is to be tried again, and nothing is sent after it', async () => {
    proxy.stall();
    const many = Array.from({ length: 12_000 }, (_, at) => put(index, `s${at}`, 1));
    const started = performance.now();
    const outcomes = await search.write(many, 300);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(new Set(outcomes.map((outcome) => outcome.kind))).toEqual(new Set(['retry']));
    // The third request was never sent.
    expect(JSON.stringify(outcomes.at(-1))).toContain('before it was sent');
    await expect(search.search(index, orderPlan, everything, { deadlineMs: 200 })).rejects.toBeInstanceOf(
      SearchTimeoutError,
    );
    proxy.cut();
    proxy.resume();
    await eventually(async () => expect(await search.healthy()).toBe(true));
  });

  test('while it is away reads say so, it is not healthy, and it comes back by itself', async () => {
    proxy.refuse();
    expect(await search.healthy()).toBe(false);
    await expect(search.get(index, 'a', { deadlineMs })).rejects.toBeInstanceOf(SearchUnavailableError);
    await expect(search.count(index)).rejects.toBeInstanceOf(SearchUnavailableError);
    expect(await search.write([put(index, 'a', 20)], deadlineMs)).toMatchObject([
      { kind: 'retry', alarm: false },
    ]);
    proxy.accept();
    expect(await search.healthy()).toBe(true);
    expect(await search.write([put(index, 'a', 20)], deadlineMs)).toEqual([{ kind: 'done' }]);
  });

  test('after close nothing can be written', async () => {
    const closed = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    await closed.close();
    await expect(closed.write([put(index, 'a', 1)], deadlineMs)).rejects.toMatchObject({
      code: 'search_closed',
    });
  });
});

describe('When something else answers', () => {
  let http: Server;
  let answer: RequestListener;
  let search: SearchIndex;
  let requests = 0;
  beforeAll(async () => {
    http = createServer((request, response) => {
      requests += 1;
      response.setHeader('x-elastic-product', 'Elasticsearch');
      answer(request, response);
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    search = elasticsearchIndex({
      node: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
      logger: silentLogger,
    });
  });
  afterAll(async () => {
    await search.close();
    http.closeAllConnections();
    await new Promise((resolve) => http.close(resolve));
  });

  const replying = (status: number, body: string, type = 'application/json'): void => {
    answer = (request, response) => {
      request.resume().on('end', () => response.writeHead(status, { 'content-type': type }).end(body));
    };
  };
  const written = async (): Promise<string[]> => {
    const outcomes = await search.write([put('x', 'a', 1), put('x', 'b', 1)], deadlineMs);
    return outcomes.map((outcome) =>
      'alarm' in outcome && outcome.alarm ? `${outcome.kind}, alarm` : outcome.kind,
    );
  };

  test.each([
    [413, '<html>too large</html>', 'text/html', 'too_large'],
    [
      429,
      '{"error":{"type":"es_rejected_execution_exception","reason":"busy"}}',
      'application/json',
      'retry',
    ],
    [503, '<html>no backend</html>', 'text/html', 'retry'],
    [401, '{"error":{"type":"security_exception","reason":"who?"}}', 'application/json', 'retry, alarm'],
    [200, 'not json', 'text/plain', 'retry, alarm'],
    [200, '{"items":[]}', 'application/json', 'retry, alarm'],
  ])('status %d with %j is told by what it is, after one request', async (status, body, type, expected) => {
    replying(status, body, type);
    requests = 0;
    expect(await written()).toEqual([expected, expected]);
    expect(requests).toBe(1);
  });

  test('a connection that ends before the answer is not tried with the same bytes again', async () => {
    answer = (request) => {
      request.resume().on('end', () => request.socket.destroy());
    };
    requests = 0;
    expect(await written()).toEqual(['retry', 'retry']);
    expect(requests).toBe(1);
  });

  test('a part of the shards is no answer', async () => {
    replying(
      200,
      '{"timed_out":false,"_shards":{"total":2,"failed":1},"hits":{"total":{"value":0,"relation":"eq"},"hits":[]}}',
    );
    await expect(search.search('x', orderPlan, everything, { deadlineMs })).rejects.toThrow(
      '1 shard(s) did not answer',
    );
    await expect(search.scan('x', null, 10)).rejects.toBeInstanceOf(SearchUnavailableError);
    await expect(search.suggest('x', orderPlan, suggestion, { deadlineMs })).rejects.toThrow('1 shard(s)');
    await expect(search.stats('x', orderPlan, figures, { deadlineMs })).rejects.toThrow('1 shard(s)');
  });

  test('hits from before the server ran out of time are no answer', async () => {
    replying(200, '{"timed_out":true,"_shards":{"total":1,"failed":0},"hits":{"hits":[]}}');
    for (const asked of [
      search.search('x', orderPlan, everything, { deadlineMs }),
      search.suggest('x', orderPlan, suggestion, { deadlineMs }),
      search.stats('x', orderPlan, figures, { deadlineMs }),
    ])
      await expect(asked).rejects.toBeInstanceOf(SearchTimeoutError);
  });

  test('an answer that begins and does not end is over by the deadline', async () => {
    answer = (request, response) => {
      request.resume().on('end', () => {
        response.writeHead(200, { 'content-type': 'application/json' }).write('{"_source":');
      });
    };
    await expect(search.get('x', 'a', { deadlineMs: 100 })).rejects.toBeInstanceOf(SearchTimeoutError);
  });

  test('a server that is not Elasticsearch is not taken for one', async () => {
    answer = (_request, response) => {
      response.removeHeader('x-elastic-product');
      response.end('{}');
    };
    await expect(search.count('x')).rejects.toThrow('not Elasticsearch');
  });
});
