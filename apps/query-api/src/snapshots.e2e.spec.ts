import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orderSearch } from '#commerce';
import type { SearchIndex, WriteOperation } from '#search';
import { eventually, serverUrls } from '#testing';
import { orderDocument, type OrderDocument } from './testing/orders.js';
import { serve, type Served } from './testing/serve.js';

interface Page {
  readonly data: readonly OrderDocument[];
  readonly next: string | null;
}

const documents: readonly OrderDocument[] = [
  orderDocument('o1', { status: 'pending', total: 1000 }),
  orderDocument('o2', { status: 'confirmed', total: 2000 }),
  orderDocument('o3', { status: 'cancelled', total: 5000 }),
  orderDocument('o4', { status: 'pending', total: 4999 }),
];

/** Documents of one search of an export. */
const EXPORTED_AT_ONCE = 1_000;

describe('One state of a view', () => {
  let served: Served;
  let search: SearchIndex;
  let index: string;
  const V = '/views/order-search';

  beforeAll(async () => {
    served = await serve([[orderSearch, documents]]);
    search = served.search;
    index = served.indexOf(orderSearch);
  });
  afterAll(() => served.close());

  const get = (path: string): Promise<Response> => served.send(path);
  const list = async (query: string): Promise<Page> => (await (await get(`${V}?${query}`)).json()) as Page;

  /** The searches that Elasticsearch itself has counted. */
  const searches = async (): Promise<number> => {
    const path = `${index}/_stats/search?filter_path=_all.primaries.search.query_total`;
    const answer = await fetch(`${serverUrls().elasticsearch}/${path}`);
    const { _all } = (await answer.json()) as { _all: { primaries: { search: { query_total: number } } } };
    return _all.primaries.search.query_total;
  };

  test('a snapshot is walked with the cursor, and is 410 when it is gone', async () => {
    const first = await list('snapshot=1m&sort=total&limit=3');
    expect(first.data.map(({ id }) => id)).toEqual(['o1', 'o2', 'o4']);
    const rest = await list(`cursor=${encodeURIComponent(first.next ?? '')}`);
    expect(rest).toMatchObject({ data: [{ id: 'o3' }], total: 4, next: null });
    // The last page let it go.
    const gone = await get(`${V}?cursor=${encodeURIComponent(first.next ?? '')}`);
    expect(gone.status).toBe(410);
    expect(await gone.json()).toMatchObject({ code: 'snapshot_expired' });
  });

  test('an export answers every match, a document a line, as it is stored', async () => {
    const response = await get(`${V}/_export?status=pending,confirmed&sort=total`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="order-search.ndjson"');
    const byId = new Map(documents.map((document) => [document.id, JSON.stringify(document)]));
    expect(await response.text()).toBe(['o1', 'o2', 'o4'].map((id) => `${byId.get(id)}\n`).join(''));
    const none = await get(`${V}/_export?status=cancelled&total[lt]=1`);
    expect([none.status, await none.text()]).toEqual([200, '']);
    expect((await get(`${V}/_export?limit=5`)).status).toBe(400);
  });

  test('an export reads no more than its caller takes, and lets the index go when the caller leaves', async () => {
    // Far more than sockets and streams hold for a caller that does not read.
    const [chunks, chunk] = [6, 5_000];
    const shipment = {
      status: 'shipped',
      carrier: 'C',
      trackingCode: 'x'.repeat(1_000),
      shippedAt: null,
      deliveredAt: null,
    };
    for (let part = 0; part < chunks; part += 1) {
      const operations = Array.from({ length: chunk }, (_, at): WriteOperation => {
        const id = `wide-${part}-${at}`;
        return {
          kind: 'index',
          index,
          id,
          revision: 8,
          body: JSON.stringify(orderDocument(id, { shipment })),
        };
      });
      await search.write(operations, 20_000);
    }
    await search.refresh(index);
    const leaving = new AbortController();
    const searchedBefore = await searches();
    const response = await fetch(`${served.running.url}${V}/_export`, { signal: leaving.signal });
    const reader = response.body?.getReader();
    expect((await reader?.read())?.done).toBe(false);
    expect(await search.heldBy(index)).toBe(1);
    // Nobody reads: what is between here and there fills up, and then no more is asked for.
    const looks = [-1];
    await eventually(async () => {
      looks.unshift((await searches()) - searchedBefore);
      expect(new Set(looks.slice(0, 4)).size).toBe(1);
    });
    expect(looks[0]).toBeGreaterThan(0);
    expect(looks[0]).toBeLessThan((chunks * chunk) / EXPORTED_AT_ONCE / 2);
    leaving.abort();
    await eventually(async () => expect(await search.heldBy(index)).toBe(0));
  }, 60_000);
});
