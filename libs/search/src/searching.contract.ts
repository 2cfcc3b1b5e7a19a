import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fieldsOf, normalizeFilter, type Filter, type FilterOp, type FilterValue } from '#views';
import { IndexMissingError, SearchCancelledError, SearchRefusedError } from './errors.js';
import type { SearchAnswer, SearchIndex, SearchRequest, SearchSort } from './search-index.js';
import type { ContractSubject } from './search-index.contract.js';
import { orderPlan } from './testing/order-plan.js';
import { orders, writeOrders } from './testing/orders.js';

const deadlineMs = 20_000;
/** What every adapter promises about finding, ordering and paging. */
export function searchingContract(adapter: string, open: () => Promise<ContractSubject>): void {
  describe(`${adapter} searches as the contract says`, () => {
    let subject: ContractSubject;
    let search: SearchIndex;
    let index: string;
    beforeAll(async () => {
      subject = await open();
      search = subject.index;
      index = `${subject.prefix}orders`;
      await search.create(index, orderPlan);
      const written = await writeOrders(search, index);
      expect(written.map((outcome) => outcome.kind)).toEqual(['done', 'done', 'done', 'done']);
    });
    afterAll(() => subject.dispose());

    const ask = (request: Partial<SearchRequest>): Promise<SearchAnswer> =>
      search.search(
        index,
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
    const ids = async (request: Partial<SearchRequest>): Promise<string> =>
      (await ask(request)).hits.map((hit) => hit.id).join('');
    const where = (filter: Filter | null): Promise<string> => ids({ where: filter });
    const is = (field: string, op: FilterOp, ...values: FilterValue[]): Filter => ({
      kind: 'condition',
      field,
      op,
      values,
    });
    const and = (...of: Filter[]): Filter => ({ kind: 'and', of });
    const or = (...of: Filter[]): Filter => ({ kind: 'or', of });
    const not = (of: Filter): Filter => ({ kind: 'not', of });

    test.each<[string, Filter, string]>([
      ['eq of an enum', is('status', 'eq', 'pending'), 'a'],
      ['eq of several values is any of them', is('status', 'eq', 'pending', 'confirmed'), 'ab'],
      ['eq of no value matches nothing', is('status', 'eq'), ''],
      ['eq minds case', is('status', 'eq', 'Pending'), ''],
      ['eq of money', is('total', 'eq', 2000), 'b'],
      ['eq of a decimal', is('weight', 'eq', -0.25), 'b'],
      ['eq of a boolean', is('gift', 'eq', false), 'b'],
      ['eq of an instant', is('placedAt', 'eq', '2026-05-31T23:59:59.999Z'), 'b'],
      ['eq of an instant in another zone', is('placedAt', 'eq', '2026-06-01T01:59:59.999+02:00'), 'b'],
      ['eq of a day', is('dueOn', 'eq', '2026-05-30'), 'b'],
      ['eq of an array means any of its values', is('tags', 'eq', 'blue'), 'ac'],
      ['eq of a joined field', is('customer.tier', 'eq', 'gold'), 'ad'],
      [
        'lte of an instant without milliseconds ends at that second',
        is('placedAt', 'lte', '2026-05-31T23:59:59Z'),
        'a',
      ],
      [
        'gt of an instant without milliseconds begins there',
        is('placedAt', 'gt', '2026-05-31T23:59:59Z'),
        'bc',
      ],
      ['ne leaves out a missing value', is('total', 'ne', 1000), 'bc'],
      ['ne of several values is none of them', is('total', 'ne', 1000, 2000), 'c'],
      ['ne of a string that is too long to be indexed', is('status', 'ne', 'pending'), 'bcd'],
      ['ne of an array means none of its values', is('tags', 'ne', 'blue'), 'd'],
      ['ne in a list means no element', is('lines.product.sku', 'ne', 'B'), 'b'],
      ['gt', is('total', 'gt', 1000), 'bc'],
      ['gte', is('total', 'gte', 2000), 'bc'],
      ['lt', is('total', 'lt', 2000), 'a'],
      ['lte', is('total', 'lte', 2000), 'ab'],
      [
        'a range of instants',
        and(is('placedAt', 'gte', '2026-05-01T00:00:00Z'), is('placedAt', 'lt', '2026-06-01T00:00:00Z')),
        'ab',
      ],
      ['a range of days', is('dueOn', 'lt', '2026-05-31'), 'bd'],
      ['a range of strings by code point', is('customer.name', 'gte', 'b'), 'bd'],
      ['exists', is('payment.paidAt', 'exists', true), 'ad'],
      ['exists of a string that is too long to be indexed', is('status', 'exists', true), 'abcd'],
      ['exists false', is('payment.paidAt', 'exists', false), 'bc'],
      ['exists false of a boolean', is('gift', 'exists', false), 'c'],
      ['exists of an empty array', is('tags', 'exists', true), 'acd'],
      ['exists in a list', is('lines.product.sku', 'exists', true), 'ab'],
      ['exists false in a list means no element', is('lines.product.sku', 'exists', false), 'cd'],
      ['prefix minds case', is('customer.name', 'prefix', 'Ann'), 'a'],
      ['prefix does not take signs for a pattern', is('customer.name', 'prefix', '.*'), ''],
      ['prefix in a list', is('lines.product.sku', 'prefix', 'B'), 'a'],
      ['all of an array', is('tags', 'all', 'red', 'blue'), 'a'],
      ['all of one value', is('tags', 'all', 'blue'), 'ac'],
      ['all of no value matches nothing', is('tags', 'all'), ''],
      ['all in a list means whatever elements', is('lines.product.sku', 'all', 'A', 'B'), 'a'],
      [
        'all beside a condition on the list speaks of other elements too',
        and(is('lines.quantity', 'eq', 2), is('lines.product.sku', 'all', 'A', 'B')),
        'a',
      ],
      ['near, within the distance', is('at', 'near', 1, 2.01, 1_200), 'a'],
      ['near, beyond the distance', is('at', 'near', 1, 2.01, 1_100), ''],
      ['exists of a place', is('at', 'exists', true), 'a'],
      ['exists false of a place', is('at', 'exists', false), 'bcd'],
      [
        'conditions on one list mean the same element',
        and(is('lines.product.sku', 'eq', 'A'), is('lines.quantity', 'gte', 3)),
        'b',
      ],
      [
        'an and within an and means other elements',
        and(and(is('lines.product.sku', 'eq', 'A')), and(is('lines.quantity', 'gte', 3))),
        'ab',
      ],
      [
        'an or of such an and means other elements than the condition beside it',
        and(
          is('lines.quantity', 'eq', 5),
          or(
            and(and(is('lines.product.sku', 'eq', 'B')), and(is('lines.quantity', 'eq', 2))),
            is('lines.quantity', 'eq', 7),
          ),
        ),
        'a',
      ],
      [
        'an or beside a condition means the same element',
        and(
          is('lines.product.sku', 'eq', 'A'),
          or(is('lines.quantity', 'eq', 5), is('lines.quantity', 'eq', 7)),
        ),
        'b',
      ],
      [
        'a negation beside a condition on a list means all elements',
        and(is('lines.quantity', 'eq', 5), is('lines.product.sku', 'ne', 'B')),
        'b',
      ],
      [
        'not of conditions on one list means no element has both',
        not(and(is('lines.product.sku', 'eq', 'A'), is('lines.quantity', 'eq', 5))),
        'acd',
      ],
      ['a flat list mixes its elements', and(is('codes.code', 'eq', 'x'), is('codes.count', 'eq', 9)), 'ab'],
      ['not includes a missing value', not(is('payment.status', 'eq', 'paid')), 'bc'],
      ['not of an or', not(or(is('status', 'eq', 'pending'), is('gift', 'eq', false))), 'cd'],
      ['or', or(is('status', 'eq', 'pending'), is('payment.status', 'eq', 'due')), 'ac'],
      ['or over a list and a field', or(is('lines.product.sku', 'eq', 'B'), is('total', 'eq', 3000)), 'ac'],
      ['an empty or matches nothing', or(), ''],
      ['an empty and matches everything', and(), 'abcd'],
    ])('%s', async (_name, filter, expected) => {
      expect(await where(filter)).toBe(expected);
    });

    test("the entries of an 'and' as a caller writes it are about other elements, its siblings about the same", async () => {
      const fields = new Map(fieldsOf(orderPlan).map((field) => [field.path, field]));
      const asked = (input: object) => where(normalizeFilter(input, fields).filter);
      const [sku, quantity] = [{ 'lines.product.sku': 'A' }, { 'lines.quantity': { gte: 3 } }];
      expect(await asked({ and: [sku, quantity] })).toBe('ab');
      expect(await asked({ ...sku, ...quantity })).toBe('b');
    });

    test.each<[string, string, string]>([
      ['all words have to be there, in whatever field', 'anna lamp', 'a'],
      ['case does not matter', 'ANNA', 'a'],
      ['the last word is a prefix', 'blue la', 'ab'],
      ['only the last word is a prefix', 'blu lamp', ''],
      ['a phrase keeps its order', '"blue lamp"', 'a'],
      ['a phrase that nobody closed is one to the end', '"blue lamp', 'a'],
      ['a word can be shut out', 'lamp -sale', 'a'],
      ['a phrase can be shut out', 'lamp -"blue lamp"', 'b'],
      ['words to shut out alone leave the rest', '-lamp', 'cd'],
      ['one typo from four letters', 'lanp', 'ab'],
      ['no typo in three', 'rud', ''],
      ['three typos are too many', 'delxxxer', ''],
      ['two typos from eight letters', 'delixxer morninng', 'a'],
      ['prose is searched', 'sunny', 'a'],
      ['signs alone restrict nothing', 'anna & !', 'a'],
      ['a word of two parts needs both', 'blue-lamp', 'ab'],
      ['what a query language would read is text', 'status:pending OR *:* /.*/', ''],
    ])('q: %s', async (_name, q, expected) => {
      const found = (
        await ask({ q, sort: [{ field: 'relevance', descending: true, nulls: 'last' }] })
      ).hits.map((hit) => hit.id);
      expect(found.sort().join('')).toBe(expected);
    });

    test('q can be kept to some fields, and orders by weight', async () => {
      expect(await ids({ q: 'lamp', in: ['note'] })).toBe('b');
      const relevance: SearchSort = { field: 'relevance', descending: true, nulls: 'last' };
      expect(await ids({ q: 'lamp', in: ['note', 'lines.product.name'], sort: [relevance] })).toBe('ba');
    });

    test('q in a field that is not text is refused', async () => {
      await expect(ask({ q: 'x', in: ['status'] })).rejects.toBeInstanceOf(SearchRefusedError);
    });

    const by = (field: string, descending = false, nulls: 'first' | 'last' = 'last'): SearchSort => ({
      field,
      descending,
      nulls,
    });

    test.each<[string, SearchSort[], string]>([
      ['money ascending, nulls last', [by('total')], 'abcd'],
      ['money descending, nulls last', [by('total', true)], 'cbad'],
      ['nulls first ascending', [by('total', false, 'first')], 'dabc'],
      ['nulls first descending', [by('total', true, 'first')], 'dcba'],
      ['decimals', [by('weight')], 'badc'],
      ['instants', [by('placedAt', true)], 'cbad'],
      ['days', [by('dueOn')], 'dbac'],
      ['booleans, ties by id', [by('gift')], 'badc'],
      ['strings without regard to case', [by('customer.name')], 'abdc'],
      ['strings descending', [by('customer.name', true)], 'dbac'],
      ['a list by its least when ascending', [by('lines.quantity')], 'dabc'],
      ['a list by its greatest when descending', [by('lines.quantity', true)], 'abdc'],
      ['a list of strings', [by('tags')], 'acdb'],
      ['ties by id', [by('payment.status')], 'cadb'],
      ['several keys', [by('payment.status'), by('weight', true)], 'cdab'],
      ['ids descending', [by('id', true)], 'dcba'],
    ])('sorts %s', async (_name, sort, expected) => {
      expect(await ids({ sort })).toBe(expected);
      // The same order has to come out page by page, nulls and all.
      let paged = '';
      for (let after: SearchRequest['after'] = null; ;) {
        const { hits } = await ask({ sort, limit: 1, after });
        const [hit] = hits;
        if (hit === undefined) break;
        paged += hit.id;
        after = JSON.parse(JSON.stringify(hit.sortValues)) as SearchRequest['after'];
      }
      expect(paged).toBe(expected);
    });

    test('pages continue after a score', async () => {
      const request = { q: 'lamp', sort: [by('relevance', true)], limit: 1 };
      const first = await ask(request);
      const second = await ask({ ...request, after: first.hits[0]?.sortValues ?? null });
      const third = await ask({ ...request, after: second.hits[0]?.sortValues ?? null });
      expect([first, second, third].map((page) => page.hits.map((hit) => hit.id).join(''))).toEqual([
        'b',
        'a',
        '',
      ]);
    });

    test('an answer has whole documents, their revisions and a total that is exact', async () => {
      const answer = await ask({ limit: 1, where: is('gift', 'eq', true) });
      expect(answer).toMatchObject({ total: 2, totalIsExact: true });
      expect(answer.hits).toMatchObject([
        { id: 'a', revision: 1, source: JSON.stringify({ id: 'a', ...orders['a'] }) },
      ]);
    });

    test('fields leaves only these and the id', async () => {
      const [hit] = (await ask({ limit: 1, fields: ['status', 'customer.name', 'lines.product.sku'] })).hits;
      expect(JSON.parse(hit?.source ?? '')).toEqual({
        id: 'a',
        status: 'pending',
        customer: { name: 'Anna Schmidt' },
        lines: [{ product: { sku: 'A' } }, { product: { sku: 'B' } }],
      });
    });

    test('offset leaves out hits, and a limit of 0 only counts', async () => {
      expect(await ids({ offset: 2 })).toBe('cd');
      expect(await ask({ limit: 0 })).toEqual({ hits: [], total: 4, totalIsExact: true });
    });

    test('an unknown field, a sort of another length and an index that is absent are told apart', async () => {
      await expect(ask({ where: is('surprise', 'eq', 1) })).rejects.toThrow("no field 'surprise'");
      await expect(ask({ sort: [by('total')], after: [1] })).rejects.toBeInstanceOf(SearchRefusedError);
      const request: SearchRequest = {
        where: null,
        q: null,
        in: null,
        sort: [],
        fields: null,
        limit: 1,
        after: null,
        offset: 0,
      };
      await expect(search.search(`${index}-none`, orderPlan, request, { deadlineMs })).rejects.toBeInstanceOf(
        IndexMissingError,
      );
    });

    test('a caller that went away ends the search', async () => {
      const gone = new AbortController();
      const asked = search.search(
        index,
        orderPlan,
        { where: null, q: null, in: null, sort: [], fields: null, limit: 1, after: null, offset: 0 },
        { deadlineMs, signal: gone.signal },
      );
      gone.abort();
      await expect(asked).rejects.toBeInstanceOf(SearchCancelledError);
    });
  });
}
