import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Filter, FilterOp, FilterValue } from '#views';
import type {
  FacetAnswer,
  FacetOf,
  FacetRequest,
  Metric,
  StatsRequest,
  SuggestRequest,
} from './aggregates.js';
import { PointInTimeGoneError, SearchRefusedError } from './errors.js';
import type { SearchAnswer, SearchIndex, SearchRequest } from './search-index.js';
import { put, type ContractSubject } from './search-index.contract.js';
import { orderPlan } from './testing/order-plan.js';
import { writeOrders } from './testing/orders.js';

const deadlineMs = 20_000;

/** What every adapter promises about facets, figures, suggestions, marks and held states. */
export function countingContract(adapter: string, open: () => Promise<ContractSubject>): void {
  describe(`${adapter} counts, suggests and marks as the contract says`, () => {
    let subject: ContractSubject;
    let search: SearchIndex;
    let index: string;
    let texts: string;
    beforeAll(async () => {
      subject = await open();
      search = subject.index;
      index = `${subject.prefix}counted`;
      texts = `${subject.prefix}texts`;
      await Promise.all([search.create(index, orderPlan), search.create(texts, orderPlan)]);
      await writeOrders(search, index);
      await search.write(
        [
          put(texts, 'x', 1, { note: `Fish & "chips" <b onclick='x'>and</b> peas/beans` }),
          put(texts, 'y', 1, {
            customer: { name: 'Blue Blueberry' },
            lines: [
              { product: { name: 'Red hat' } },
              { product: { name: 'A blue lamp' } },
              { product: null },
            ],
          }),
          put(texts, 'z', 1, {
            customer: { name: 'Änne .*Müller' },
            tags: ['Alpha', 'beta', 'ALPS', 'a.*b'],
          }),
          put(texts, 'u', 1, { customer: { name: 'anna zweig' }, tags: ['alpha'], status: 'Open "now"' }),
        ],
        deadlineMs,
      );
      await search.refresh(texts);
    });
    afterAll(() => subject.dispose());

    const is = (field: string, op: FilterOp, ...values: FilterValue[]): Filter => ({
      kind: 'condition',
      field,
      op,
      values,
    });
    const and = (...of: Filter[]): Filter => ({ kind: 'and', of });
    const ask = (request: Partial<SearchRequest>, of = index): Promise<SearchAnswer> =>
      search.search(
        of,
        orderPlan,
        {
          where: null,
          q: null,
          in: null,
          sort: [],
          fields: null,
          limit: 50,
          after: null,
          offset: 0,
          ...request,
        },
        { deadlineMs },
      );
    const count = async (
      facet: FacetOf,
      own: Partial<FacetRequest> = {},
      request: Partial<SearchRequest> = {},
    ): Promise<FacetAnswer | undefined> =>
      (await ask({ ...request, facets: [{ name: 'it', facet, where: null, ...own }] })).facets?.['it'];
    const values = (field: string, limit = 10, ...selected: (string | number | boolean)[]): FacetOf => ({
      kind: 'values',
      field,
      limit,
      selected,
    });
    const dates = (
      field: string,
      interval: 'hour' | 'day' | 'week' | 'month' | 'quarter' | 'year',
      limit = 99,
      zone = 'UTC',
    ): FacetOf => ({
      kind: 'dates',
      field,
      interval,
      zone,
      limit,
    });
    const counted = (answer: FacetAnswer | undefined): string => {
      if (answer === undefined) return 'nothing';
      if (answer.kind === 'ranges') return answer.ranges.map((range) => String(range.count)).join(' ');
      return `${answer.values.map(({ value, count: of }) => `${String(value)}:${of}`).join(' ')} other:${answer.other}`;
    };

    test.each<[string, FacetOf, string]>([
      ['values, the most frequent first, and then by value', values('tags'), 'blue:2 green:1 red:1 other:0'],
      ['only so many values, and the rest together', values('tags', 1), 'blue:2 other:2'],
      [
        'selected values too, even when nothing has them',
        values('tags', 1, 'red', 'mauve'),
        'blue:2 red:1 mauve:0 other:1',
      ],
      ['no value but the selected ones', values('tags', 0, 'blue'), 'blue:2 other:2'],
      ['documents, not items of a list', values('lines.product.sku'), 'A:2 B:1 other:0'],
      ['booleans', values('gift'), 'true:2 false:1 other:0'],
      ['numbers', values('lines.quantity'), '5:2 1:1 2:1 other:0'],
      ['decimals', values('weight', 2), '-0.25:1 1.5:1 other:1'],
      ['instants', values('payment.paidAt'), '2026-05-02T10:00:00.000Z:2 other:0'],
      ['days', values('dueOn', 2), '2026-01-01:1 2026-05-30:1 other:1'],
      ['a flat list', values('codes.count'), '9:2 1:1 other:0'],
      ['months', dates('placedAt', 'month'), '2026-05:2 2026-06:1 other:0'],
      [
        'months of days, with those in between',
        dates('dueOn', 'month'),
        '2026-01:1 2026-02:0 2026-03:0 2026-04:0 2026-05:1 2026-06:1 other:0',
      ],
      ['the latest intervals', dates('dueOn', 'month', 3), '2026-04:0 2026-05:1 2026-06:1 other:1'],
      ['weeks by their Monday', dates('dueOn', 'week', 2), '2026-05-25:1 2026-06-01:1 other:1'],
      ['quarters', dates('dueOn', 'quarter'), '2026-Q1:1 2026-Q2:2 other:0'],
      ['years', dates('placedAt', 'year'), '2026:3 other:0'],
      ['days in a zone', dates('placedAt', 'day', 1, 'Asia/Tokyo'), '2026-06-15:1 other:2'],
      ['months in a zone', dates('placedAt', 'month', 9, '+02:00'), '2026-05:1 2026-06:2 other:0'],
      ['hours in a zone', dates('payment.paidAt', 'hour', 9, 'Europe/Amsterdam'), '2026-05-02T12:2 other:0'],
      [
        'ranges, from their lower end to before their upper one',
        {
          kind: 'ranges',
          field: 'total',
          ranges: [
            { from: null, to: 1000 },
            { from: 1000, to: 2000 },
            { from: 2000, to: null },
            { from: null, to: null },
          ],
        },
        '0 1 2 3',
      ],
      [
        'ranges of instants and lists, a document once',
        {
          kind: 'ranges',
          field: 'placedAt',
          ranges: [{ from: '2026-05-01T00:00:00Z', to: '2026-06-01T00:00:00Z' }],
        },
        '2',
      ],
      ['ranges over a list', { kind: 'ranges', field: 'lines.quantity', ranges: [{ from: 1, to: 9 }] }, '3'],
    ])('a facet counts %s', async (_name, facet, expected) => {
      expect(counted(await count(facet))).toBe(expected);
    });

    test('a facet counts under its own filter, whatever the search finds, and the search is what it was', async () => {
      const [gold, paid] = [is('customer.tier', 'eq', 'gold'), is('payment.status', 'eq', 'paid')];
      const answer = await ask({
        where: and(gold, paid, is('gift', 'eq', true)),
        facets: [
          {
            name: 'tier',
            facet: values('customer.tier', 10, 'gold'),
            where: and(paid, is('gift', 'eq', true)),
          },
          { name: 'payment.status', facet: values('payment.status', 10, 'due'), where: and(gold) },
          { name: 'all', facet: values('gift'), where: null },
        ],
      });
      expect(answer.hits.map((hit) => hit.id)).toEqual(['a', 'd']);
      expect(answer.total).toBe(2);
      expect(Object.entries(answer.facets ?? {}).map(([name, one]) => `${name} ${counted(one)}`)).toEqual([
        'tier gold:2 other:0',
        'payment.status paid:2 due:0 other:0',
        'all true:2 false:1 other:0',
      ]);
    });

    test('the own condition of a facet leaves the other conditions on the same element together', async () => {
      const facet = values('lines.product.sku', 10, 'A');
      const five = is('lines.quantity', 'eq', 5);
      const where = and(is('lines.product.sku', 'eq', 'A'), five);
      const answer = await ask({ where, facets: [{ name: 'sku', facet, where: and(five) }] });
      expect(answer.hits.map((hit) => hit.id)).toEqual(['b']);
      expect(counted(answer.facets?.['sku'])).toBe('A:2 B:1 other:0');
    });

    test('facets count what q finds, on every page and without hits', async () => {
      expect(counted(await count(values('tags'), {}, { q: 'lamp' }))).toBe('blue:1 red:1 other:0');
      const after = (await ask({ limit: 1 })).hits[0]?.sortValues ?? null;
      expect(counted(await count(values('tags'), {}, { after, limit: 1 }))).toBe(
        'blue:2 green:1 red:1 other:0',
      );
      expect(counted(await count(values('tags'), {}, { limit: 0 }))).toBe('blue:2 green:1 red:1 other:0');
    });

    test('a facet of nothing has nothing, but for what is selected', async () => {
      const where = is('id', 'eq', 'nobody');
      expect(counted(await count(values('tags', 5, 'red'), { where }))).toBe('red:0 other:0');
      expect(counted(await count(dates('placedAt', 'month'), { where }))).toBe(' other:0');
    });

    test('a facet of a field that is not there, or of no range, is refused', async () => {
      await expect(count(values('nothing'))).rejects.toBeInstanceOf(SearchRefusedError);
      await expect(count({ kind: 'ranges', field: 'total', ranges: [] })).rejects.toBeInstanceOf(
        SearchRefusedError,
      );
    });

    const stats = async (request: Partial<StatsRequest>): Promise<string> => {
      const asked = { where: null, q: null, in: null, by: null, metrics: [], limit: 10, ...request };
      const { groups, other } = await search.stats(index, orderPlan, asked, { deadlineMs });
      const shown = groups.map(({ key, count: of, metrics }) => [key, of, ...metrics].map(String).join(','));
      return `${shown.join(' ')} other:${other}`;
    };
    const all = (field: string): Metric[] =>
      (['sum', 'avg', 'min', 'max'] as const).map((op) => ({ op, field }));

    test.each<[string, Partial<StatsRequest>, string]>([
      ['of everything', { metrics: all('total') }, 'null,4,6000,2000,1000,3000 other:0'],
      ['of decimals', { metrics: all('weight') }, 'null,4,8.25,2.75,-0.25,7 other:0'],
      ['of all items of a list', { metrics: all('lines.quantity') }, 'null,4,13,3.25,1,5 other:0'],
      [
        'of nothing',
        { where: is('id', 'eq', 'nobody'), metrics: all('total') },
        'null,0,0,null,null,null other:0',
      ],
      [
        'of instants and days, their ends',
        {
          metrics: [
            { op: 'min', field: 'placedAt' },
            { op: 'max', field: 'dueOn' },
          ],
        },
        'null,4,2026-05-01T00:00:00.000Z,2026-06-01 other:0',
      ],
      [
        'by value, the most frequent first',
        { by: { kind: 'values', field: 'customer.tier' }, metrics: [{ op: 'sum', field: 'total' }] },
        'gold,2,1000 basic,1,2000 other:0',
      ],
      ['by value, so many', { by: { kind: 'values', field: 'tags' }, limit: 1 }, 'blue,2 other:2'],
      [
        'by interval, those in between empty',
        {
          by: { kind: 'dates', field: 'dueOn', interval: 'month', zone: 'UTC' },
          metrics: [
            { op: 'sum', field: 'total' },
            { op: 'avg', field: 'total' },
          ],
          limit: 3,
        },
        '2026-04,0,0,null 2026-05,1,2000,2000 2026-06,1,1000,1000 other:1',
      ],
      [
        'of what q and the filter find',
        {
          q: 'lamp',
          in: ['lines.product.name'],
          where: is('gift', 'eq', true),
          metrics: [{ op: 'sum', field: 'total' }],
        },
        'null,1,1000 other:0',
      ],
    ])('figures %s', async (_name, request, expected) => {
      expect(await stats(request)).toBe(expected);
    });

    const suggest = async (
      field: string,
      prefix: string,
      more: Partial<SuggestRequest> = {},
    ): Promise<string> =>
      (
        await search.suggest(
          texts,
          orderPlan,
          { field, prefix, where: null, limit: 10, ...more },
          { deadlineMs },
        )
      )
        .map(({ value, count: of }) => `${value}:${of}`)
        .join(' ');

    test.each<[string, string, string, string]>([
      ['the start of the value, without regard to case', 'customer.name', 'AN', 'anna zweig:1'],
      ['in text, the start of any word', 'customer.name', 'bLUEb', 'Blue Blueberry:1'],
      ['in what is not text, of the whole value only', 'status', 'now', ''],
      ['letters beyond ASCII', 'customer.name', 'äN', 'Änne .*Müller:1'],
      ['several words as the start of the value', 'customer.name', 'blue blue', 'Blue Blueberry:1'],
      ['signs as signs', 'customer.name', '.*', ''],
      ['signs as signs in a list', 'tags', 'a.*', 'a.*b:1'],
      ['quotes', 'status', 'open "', 'Open "now":1'],
      ['of a list those values that begin so', 'tags', 'al', 'ALPS:1 Alpha:1 alpha:1'],
      ['in a list of objects, any word', 'lines.product.name', 'l', 'A blue lamp:1'],
      ['ids', 'id', 'X', 'x:1'],
      ['everything for an empty prefix', 'tags', '', 'ALPS:1 Alpha:1 a.*b:1 alpha:1 beta:1'],
    ])('suggests by %s', async (_name, field, prefix, expected) => {
      expect(await suggest(field, prefix)).toBe(expected);
    });

    test('suggests so many, and of what the filter finds', async () => {
      expect(await suggest('tags', 'a', { limit: 2 })).toBe('ALPS:1 Alpha:1');
      expect(await suggest('tags', 'a', { where: is('id', 'eq', 'u') })).toBe('alpha:1');
    });

    const marks = async (q: string, request: Partial<SearchRequest> = {}): Promise<unknown> =>
      (await ask({ q, highlight: 'all', ...request }, texts)).hits.map((hit) => hit.highlights);

    test('marks what was found, in text that is escaped, and nothing else', async () => {
      expect(await marks('chips')).toEqual([
        {
          note: [
            'Fish &amp; &quot;<mark>chips</mark>&quot; &lt;b onclick=&#x27;x&#x27;&gt;and&lt;&#x2F;b&gt; peas&#x2F;beans',
          ],
        },
      ]);
    });

    test('marks prefixes, typos and phrases in whole values, and of a list the values that have them', async () => {
      expect(await marks('blue')).toEqual([
        {
          'customer.name': ['<mark>Blue</mark> <mark>Blueberry</mark>'],
          'lines.product.name': ['A <mark>blue</mark> lamp'],
        },
      ]);
      expect(await marks('zweeg')).toEqual([{ 'customer.name': ['anna <mark>zweig</mark>'] }]);
      expect(await marks('l', { in: ['lines.product.name'] })).toEqual([
        { 'lines.product.name': ['A blue <mark>lamp</mark>'] },
      ]);
      const [phrase] = (await marks('"blue lamp"')) as { 'lines.product.name': string[] }[];
      expect(phrase?.['lines.product.name'].map((text) => text.replaceAll('</mark> <mark>', ' '))).toEqual([
        'A <mark>blue lamp</mark>',
      ]);
    });

    test('marks in the fields that were asked for, and of those in which q searched', async () => {
      expect(await marks('blue', { highlight: ['customer.name'] })).toEqual([
        { 'customer.name': ['<mark>Blue</mark> <mark>Blueberry</mark>'] },
      ]);
      expect(await marks('blue', { highlight: ['lines.product.name'], in: ['customer.name'] })).toEqual([{}]);
      await expect(marks('blue', { highlight: ['status'] })).rejects.toBeInstanceOf(SearchRefusedError);
      expect((await ask({ highlight: 'all', limit: 1 })).hits[0]?.highlights).toEqual({});
    });

    test('a total is exact, estimated or left out, as it was asked for', async () => {
      expect(await ask({ limit: 0, totals: 'exact' })).toMatchObject({ total: 4, totalIsExact: true });
      expect(await ask({ limit: 0, totals: 'estimate' })).toMatchObject({ total: 4, totalIsExact: true });
      expect(await ask({ limit: 0, totals: 'none' })).toMatchObject({ total: 0, totalIsExact: false });
    });

    test('a point in time keeps its state while documents change and go, until its index does', async () => {
      const held = `${subject.prefix}held`;
      await search.create(held, orderPlan);
      await search.write([put(held, 'a', 1, { total: 1 }), put(held, 'b', 1, { total: 2 })], deadlineMs);
      await search.refresh(held);
      const pointInTime = { id: await search.openPointInTime(held, 60_000), keepMs: 60_000 };
      await search.write(
        [
          put(held, 'a', 2, { total: 9 }),
          { kind: 'delete', index: held, id: 'b', revision: 2 },
          put(held, 'c', 2),
        ],
        deadlineMs,
      );
      await search.refresh(held);
      const now = await ask({}, held);
      const then = await ask({ pointInTime }, held);
      expect(now.hits.map((hit) => hit.source)).toEqual(['{"id":"a","total":9}', '{"id":"c"}']);
      expect(then.hits.map((hit) => hit.source)).toEqual(['{"id":"a","total":1}', '{"id":"b","total":2}']);
      expect(typeof then.pointInTimeId).toBe('string');
      await search.closePointInTime(then.pointInTimeId ?? '');
      await expect(ask({ pointInTime }, held)).rejects.toBeInstanceOf(PointInTimeGoneError);
    });
  });
}
