import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { orderSearch } from '#commerce';
import { eventually, seededRandom } from '#testing';
import { randomOrder, startBusyWriter, type BusyWriter, type Written } from './testing/busy-writer.js';
import type { OrderDocument } from './testing/orders.js';
import { serve, type Served } from './testing/serve.js';

const STEADY = 1_200;
const MOVING = 1_000;
const ABSENT = 400;
/** Asked of the writer, and the least that makes this a proof. */
const WRITES_PER_SECOND = 1_000;
const LEAST_PER_SECOND = 500;
const LIMIT = 100;
const V = '/views/order-search';

const seed = Number(process.env['PAGING_SEED'] ?? 11);

interface Page {
  readonly data: readonly OrderDocument[];
  readonly next: string | null;
}

describe(`Pages of a view that ${WRITES_PER_SECOND} writes a second change (PAGING_SEED=${seed})`, () => {
  const random = seededRandom(seed);
  // Their ids and values lie among each other, so that writes come before, at and behind every page.
  const ids = Array.from(
    { length: STEADY + MOVING + ABSENT },
    (_, at) => `o${String((at * 7_919) % 100_000).padStart(5, '0')}`,
  );
  const [steady, moving, absent] = [
    ids.slice(0, STEADY),
    ids.slice(STEADY, STEADY + MOVING),
    ids.slice(STEADY + MOVING),
  ];
  const begun = new Map([...steady, ...moving].map((id) => [id, randomOrder(id, -1, random)]));
  let served: Served;
  let writer: BusyWriter;

  beforeAll(async () => {
    served = await serve([[orderSearch, [...begun.values()]]]);
    writer = startBusyWriter({
      search: served.search,
      index: served.indexOf(orderSearch),
      present: moving,
      absent,
      perSecond: WRITES_PER_SECOND,
      random,
    });
  }, 60_000);
  afterAll(async () => {
    await writer.stop();
    await served.close();
  });

  /**
   * All pages, and how many writes were visible before the first and sent until the last of them. Behind the first page it
   * waits until search shows newer writes: on a fast machine all pages would be read before that.
   */
  const walk = async (
    query: string,
  ): Promise<{ seen: readonly OrderDocument[]; from: number; to: number }> => {
    const from = writer.visible;
    const seen: OrderDocument[] = [];
    for (let asked: string | null = `${query}&limit=${LIMIT}`; asked !== null;) {
      const response = await served.send(`${V}?${asked}`);
      expect(response.status).toBe(200);
      const { data, next } = (await response.json()) as Page;
      seen.push(...data);
      asked = next === null ? null : `cursor=${encodeURIComponent(next)}`;
      if (seen.length <= LIMIT) await eventually(() => expect(writer.visible).toBeGreaterThan(from + 200));
    }
    return { seen, from, to: writer.written.length };
  };

  test.each([
    '',
    'sort=total',
    'sort=customer.name,-total',
    'sort=-lines.quantity:nullsFirst',
    'total[gte]=10&sort=-total',
  ])('asked by %j give every document that did not change, once', async (query) => {
    const { seen, from, to } = await walk(query);
    const times = new Map<string, number>();
    for (const { id } of seen) times.set(id, (times.get(id) ?? 0) + 1);
    const isAsked = ({ total }: OrderDocument): boolean => !query.startsWith('total') || Number(total) >= 10;
    const changed = new Set(writer.written.slice(from, to).map(({ id }) => id));
    const unchanged = [...stateAfter(from)].filter(([id, order]) => !changed.has(id) && isAsked(order));
    expect(unchanged.length).toBeGreaterThan(STEADY / 2);
    expect(unchanged.filter(([id]) => times.get(id) !== 1).map(([id]) => [id, times.get(id)])).toEqual([]);
    // Otherwise nothing was written while it was read.
    expect(to - from).toBeGreaterThan(100);
    expect(seen.some(({ id, discount }) => changed.has(id) && Number(discount) >= from)).toBe(true);
  });

  test.each(['sort=-total', 'sort=customer.name'])(
    'of a snapshot asked by %j are one state, to the byte',
    async (query) => {
      const { seen, from, to } = await walk(`snapshot=5m&${query}`);
      expectOneState(seen, from);
      expect(to - from).toBeGreaterThan(100);
    },
  );

  test.each(['', 'sort=-placedAt'])('of an export asked by %j are one state, to the byte', async (query) => {
    const from = writer.visible;
    const response = await served.send(`${V}/_export?${query}`);
    const lines = (await response.text()).trimEnd().split('\n');
    expectOneState(
      lines.map((line) => JSON.parse(line) as OrderDocument),
      from,
    );
  });

  test(`met at least ${LEAST_PER_SECOND} writes a second, of which some are deletions`, async () => {
    const { writes, perSecond } = await writer.stop();
    const deletions = writer.written.filter(({ document }) => document === null).length;
    expect(perSecond).toBeGreaterThan(LEAST_PER_SECOND);
    expect(deletions).toBeGreaterThan(writes / 10);
  });

  /** What the index holds after the first writes, by id. */
  function stateAfter(writes: number): Map<string, OrderDocument> {
    const state = new Map(begun);
    for (const write of writer.written.slice(0, writes)) apply(state, write);
    return state;
  }

  /**
   * The writer sends one bulk after the other to one shard, so that a state is what is there after some number of writes:
   * after the newest of which a document was seen, and after none, some or all of the deletions right behind it. It is
   * not older than the bulks that were visible when it was asked for.
   */
  function expectOneState(seen: readonly OrderDocument[], from: number): void {
    const shown = asText(seen);
    let writes = 1 + Math.max(...seen.map(({ discount }) => Number(discount)));
    const state = stateAfter(writes);
    for (let text = asText([...state.values()]); text !== shown; text = asText([...state.values()])) {
      const write = writer.written[writes];
      // No state there is has these documents: say in which they differ from the nearest.
      if (write === undefined || write.document !== null) expect(shown).toEqual(text);
      else apply(state, write);
      writes += 1;
    }
    expect(writes).toBeGreaterThanOrEqual(from);
  }
});

function apply(state: Map<string, OrderDocument>, { id, document }: Written): void {
  if (document === null) state.delete(id);
  else state.set(id, document);
}

function asText(documents: readonly OrderDocument[]): string {
  return documents
    .map((document) => JSON.stringify(document))
    .toSorted()
    .join('\n');
}
