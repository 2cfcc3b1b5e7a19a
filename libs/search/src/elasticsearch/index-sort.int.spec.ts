import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  compile,
  id,
  instant,
  int,
  list,
  many,
  nullable,
  oneOf,
  source,
  string,
  view,
  type Plan,
} from '#views';
import { silentLogger } from '#kernel';
import { createTestSpace, type TestSpace } from '#testing';
import { fieldsByPath } from '../fields.js';
import type { SearchIndex, SearchRequest, StoredDocument, WriteOperation } from '../search-index.js';
import { elasticsearchIndex } from './elasticsearch-index.js';
import { compileSearch } from './search.js';
import { indexSort } from './sort.js';

const order = source(
  'order',
  {
    id: id(),
    status: oneOf('pending', 'confirmed'),
    name: string(),
    rank: nullable(int()),
    placedAt: instant(),
    lines: list({ quantity: int() }),
  },
  { owner: 'orders' },
);
const planSortedBy = (sort: '-placedAt' | 'name' | '-rank' | undefined): Plan =>
  compile(
    view('orders', order, sort === undefined ? {} : { sort }, (o) => ({
      status: o.status,
      name: o.name,
      rank: o.rank,
      placedAt: o.placedAt,
      lines: many(o.lines, (line) => ({ quantity: line.quantity })),
    })),
  );

describe('The order in which an index keeps documents', () => {
  test('is that of a list which asks for none', () => {
    expect(indexSort(planSortedBy('-placedAt'))).toEqual({
      field: ['placedAt', 'id'],
      order: ['desc', 'asc'],
      mode: ['max', 'min'],
      missing: ['_last', '_last'],
    });
    expect(indexSort(planSortedBy('name'))).toMatchObject({ field: ['name.sort', 'id'] });
    expect(indexSort(planSortedBy(undefined))).toMatchObject({ field: ['id'] });
  });

  test('is none where a number may be missing, which an index would put elsewhere than a list does', () => {
    expect(indexSort(planSortedBy('-rank'))).toBeNull();
  });
});

interface Order {
  readonly id: string;
  readonly status: string;
  readonly name: string;
  readonly rank: number | null;
  readonly placedAt: string;
  readonly lines: readonly { readonly quantity: number }[];
}

const COUNT = 1_000;
/** In no order, and several of one instant. */
const orders = Array.from({ length: COUNT }, (_, at): Order => {
  const n = (at * 7919) % COUNT;
  return {
    id: `o${String(n).padStart(5, '0')}`,
    status: n % 3 === 0 ? 'pending' : 'confirmed',
    name: `Name ${n % 10}`,
    rank: null,
    placedAt: new Date(Date.UTC(2026, 0, 1) + (n % 250) * 60_000).toISOString(),
    lines: Array.from({ length: n % 4 }, (_item, quantity) => ({ quantity })),
  };
});
const newestFirst = (a: Order, b: Order): number =>
  b.placedAt.localeCompare(a.placedAt) || a.id.localeCompare(b.id);

describe('A list in the order of its index', () => {
  let space: TestSpace;
  let search: SearchIndex;
  let index: string;
  const plan = planSortedBy('-placedAt');
  const request: SearchRequest = {
    where: null,
    q: null,
    in: null,
    sort: [{ field: 'placedAt', descending: true, nulls: 'last' }],
    fields: null,
    limit: 70,
    after: null,
    offset: 0,
    totals: 'none',
  };
  beforeAll(async () => {
    space = await createTestSpace({ elasticsearch: true });
    search = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    index = `${space.indexPrefix}orders`;
    await search.create(index, plan);
    const put = (one: Order, revision: number): WriteOperation => ({
      kind: 'index',
      index,
      id: one.id,
      revision,
      body: JSON.stringify(one),
    });
    // Several segments, in which documents are replaced: first all are of one time and state.
    const first = orders
      .slice(0, COUNT / 10)
      .map((one) => put({ ...one, placedAt: '2025-01-01T00:00:00.000Z', status: 'pending' }, 1));
    await search.write(first, 20_000);
    await search.refresh(index);
    for (let from = 0; from < COUNT; from += 250) {
      await search.write(
        orders.slice(from, from + 250).map((one) => put(one, 2)),
        20_000,
      );
      await search.refresh(index);
    }
  });
  afterAll(async () => {
    await search.close();
    await space.dispose();
  });

  async function walk(where: SearchRequest['where']): Promise<readonly StoredDocument[]> {
    const found: StoredDocument[] = [];
    for (let after: SearchRequest['after'] = null; ;) {
      const { hits } = await search.search(index, plan, { ...request, where, after }, { deadlineMs: 20_000 });
      found.push(...hits);
      const last = hits.at(-1);
      if (last === undefined) return found;
      after = last.sortValues;
    }
  }

  test.each([null, 'pending'])('has every document once, with status %j', async (status) => {
    const where: SearchRequest['where'] =
      status === null ? null : { kind: 'condition', field: 'status', op: 'eq', values: [status] };
    const expected = orders.filter((one) => status === null || one.status === status).sort(newestFirst);
    const found = (await walk(where)).map(({ source: text }) => JSON.parse(text) as Order);
    expect(found).toEqual(expected);
  });

  test('ends with its page, and looks at few documents beyond it', async () => {
    const body = { ...compileSearch({ ...request, limit: 10 }, fieldsByPath(plan)), profile: true };
    const answer = await fetch(`${space.elasticsearchUrl}/${index}/_search`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const { profile } = (await answer.json()) as {
      readonly profile: {
        readonly shards: readonly [
          { readonly searches: readonly [{ readonly query: readonly [{ readonly breakdown: Breakdown }] }] },
        ];
      };
    };
    const { next_doc_count: walked, advance_count: jumped } =
      profile.shards[0].searches[0].query[0].breakdown;
    expect(walked + jumped).toBeLessThan(COUNT / 4);
  });
});

interface Breakdown {
  readonly next_doc_count: number;
  readonly advance_count: number;
}
