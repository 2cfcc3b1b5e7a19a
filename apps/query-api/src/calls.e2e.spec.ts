import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { orderSearch } from '#commerce';
import { eventually, serverUrls, startFaultyProxy, type FaultyProxy } from '#testing';
import { Agent, get as httpGet, request as httpRequest } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import { orderDocument } from './testing/orders.js';
import { serve, type Served } from './testing/serve.js';

const V = '/views/order-search';

interface Operation {
  readonly name: string;
  readonly path: string;
  readonly body?: object;
}

/** Every operation that is one call. */
const operations: readonly Operation[] = [
  { name: 'get', path: '/o1' },
  { name: 'list', path: '?status=pending' },
  { name: 'facets', path: '?facets=status&limit=0' },
  { name: 'search', path: '/_search', body: { where: { status: 'pending' } } },
  { name: 'batch', path: '/_batch', body: { ids: ['o1', 'o2'] } },
  { name: 'suggest', path: '/_suggest?field=customer.name&prefix=an' },
  { name: 'stats', path: '/_stats?sum=total&by=status' },
];
/** Those that hold a state first, which is let go when the caller has left: snapshots.e2e.spec.ts. */
const walks: readonly Operation[] = [
  { name: 'export', path: '/_export' },
  { name: 'snapshot', path: '?snapshot=1m' },
];

describe('The calls of the query API to its search server', () => {
  let proxy: FaultyProxy;
  let served: Served;

  beforeAll(async () => {
    proxy = await startFaultyProxy(serverUrls().elasticsearch);
    const documents = [orderDocument('o1'), orderDocument('o2', { status: 'confirmed' })];
    served = await serve([[orderSearch, documents]], { env: { ELASTICSEARCH_URL: proxy.url } });
  });
  afterEach(async () => {
    proxy.accept();
    proxy.resume();
    proxy.cut();
    await eventually(async () => expect((await served.send(`${V}/o1`)).status).toBe(200));
  });
  afterAll(async () => {
    await served.close();
    await proxy.close();
  });

  /** Where a number of /metrics stands. */
  const metric = async (name: string): Promise<number> => {
    const text = await (await served.send('/metrics')).text();
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
  };
  /** The searches that Elasticsearch itself has counted. */
  const searches = async (): Promise<number> => {
    const path = `${served.indexOf(orderSearch)}/_stats/search?filter_path=_all.primaries.search.query_total`;
    const answer = await fetch(`${serverUrls().elasticsearch}/${path}`);
    const { _all } = (await answer.json()) as { _all: { primaries: { search: { query_total: number } } } };
    return _all.primaries.search.query_total;
  };

  test('100 equal requests at once are one search, or a few on a slow machine', async () => {
    const [searchedBefore, sharedBefore] = [
      await searches(),
      await metric('prejoin_query_shared_reads_total'),
    ];
    const agent = new Agent({ keepAlive: true });
    proxy.mute();
    const asked = Array.from({ length: 100 }, () =>
      answerOf(`${served.running.url}${V}?status=pending`, agent),
    );
    await eventually(async () =>
      expect(await metric('prejoin_query_shared_reads_total')).toBeGreaterThan(sharedBefore + 80),
    );
    proxy.resume();
    const answers = await Promise.all(asked);
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('"id":"o1"');
    agent.destroy();
    const searched = (await searches()) - searchedBefore;
    // One a second is begun anew for those who come later.
    expect(searched).toBeLessThanOrEqual(5);
    expect((await metric('prejoin_query_shared_reads_total')) - sharedBefore).toBe(100 - searched);
  });

  test.each(operations)('a caller of $name who leaves ends the call', async ({ path, body }) => {
    proxy.cut();
    await eventually(() => expect(proxy.open).toBe(0));
    proxy.mute();
    const leave = ask(path, body);
    await eventually(() => expect(proxy.open).toBe(1));
    const leftBefore = proxy.left;
    leave();
    await eventually(() => expect(proxy.left).toBe(leftBefore + 1));
  });

  test('of two who ask the same, one may leave', async () => {
    proxy.cut();
    proxy.mute();
    const staying = served.send(`${V}?status=confirmed`);
    await eventually(() => expect(proxy.open).toBe(1));
    const sharedBefore = await metric('prejoin_query_shared_reads_total');
    const leave = ask('?status=confirmed');
    await eventually(async () =>
      expect(await metric('prejoin_query_shared_reads_total')).toBe(sharedBefore + 1),
    );
    leave();
    proxy.resume();
    expect(await (await staying).json()).toMatchObject({ data: [{ id: 'o2' }] });
  });

  test('while it is away every operation answers 503 with Retry-After at once, and goes on by itself', async () => {
    proxy.refuse();
    for (let at = 0; at < 3; at += 1) expect((await served.send(`${V}/o1`)).status).toBe(503);
    expect(await metric('prejoin_query_circuit_open')).toBe(1);
    for (const { name, path, body } of [...operations, ...walks]) {
      const began = performance.now();
      const answer = await served.send(`${V}${path}`, body);
      const took = performance.now() - began;
      expect([name, answer.status, answer.headers.get('retry-after')]).toEqual([name, 503, '1']);
      expect(await answer.json()).toMatchObject({ code: 'search_unavailable' });
      expect([name, took < 250]).toEqual([name, true]);
    }
    await eventually(async () => expect((await served.send('/health/ready')).status).toBe(503));
    expect((await served.send('/health/live')).status).toBe(200);
    proxy.accept();
    await eventually(async () => expect((await served.send('/health/ready')).status).toBe(200));
    expect((await served.send(`${V}/o1`)).status).toBe(200);
    expect(await metric('prejoin_query_circuit_open')).toBe(0);
  });

  /** Asks and returns how to leave. */
  function ask(path: string, body?: object): () => void {
    const request = httpRequest(`${served.running.url}${V}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? {} : { 'content-type': 'application/json' },
      agent: false,
    });
    request.on('error', () => undefined);
    request.end(body === undefined ? undefined : JSON.stringify(body));
    return () => request.destroy();
  }
});

function answerOf(url: string, agent: Agent): Promise<string> {
  return new Promise((resolve, reject) => {
    httpGet(url, { agent }, (response) => void textOf(response).then(resolve, reject)).on('error', reject);
  });
}
