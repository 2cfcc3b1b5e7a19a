import { describe, expect, test } from '@jest/globals';
import type { Filter } from '#views';
import fc from 'fast-check';
import { plain, served } from '../testing/views.js';
import { parseBatch } from './batch.js';
import { limits } from './limits.js';
import { parseQuery, type ListQuery, type Parsed } from './parse.js';
import { parseSearch } from './search-body.js';

const now = Date.parse('2026-03-31T10:20:30.400Z');

function understood<T>(parsed: Parsed<T>): T {
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.query;
}
const search = (body: unknown): ListQuery => understood(parseSearch(body, served, now));
const where = (filter: unknown): Filter | null => search({ where: filter }).where;
const byQuery = (text: string): ListQuery => understood(parseQuery(text, served, now));
function faultsOf(parsed: Parsed<unknown>): string[] {
  return 'faults' in parsed ? parsed.faults.map(({ parameter, code }) => `${parameter} ${code}`) : [];
}
const faults = (body: unknown): string[] => faultsOf(parseSearch(body, served, now));
const is = (field: string, op: string, ...values: unknown[]) => ({ kind: 'condition', field, op, values });

describe('A filter in JSON', () => {
  test('means what the same filter means in a query string', () => {
    const same: [object, string][] = [
      [{ status: 'pending' }, 'status=pending'],
      [{ status: ['pending', 'confirmed'] }, 'status=pending,confirmed'],
      [{ total: { gte: 1000, lt: 5000 } }, 'total[gte]=1000&total[lt]=5000'],
      [{ weight: { gt: -150 } }, 'weight[gt]=-1.5e2'],
      [{ gift: true }, 'gift=true'],
      [{ dueOn: { exists: false } }, 'dueOn[exists]=false'],
      [{ placedAt: '2026-05-01' }, 'placedAt=2026-05-01'],
      [{ placedAt: { gte: 'now-7d' } }, 'placedAt[gte]=now-7d'],
      [{ 'customer.name': { prefix: 'An' } }, 'customer.name[prefix]=An'],
      [{ tags: { all: ['a', 'b'] } }, 'tags[all]=a,b'],
      [{ at: { near: { lat: 52.37, lon: 4.89, distance: '5km' } } }, 'at[near]=52.37,4.89,5km'],
      [{ 'lines.sku': 'A', 'lines.quantity': { gte: 2 } }, 'lines.sku=A&lines.quantity[gte]=2'],
      [{ limit: 5 }, 'limit[eq]=5'],
    ];
    for (const [filter, text] of same) {
      expect([text, where(filter)]).toEqual([text, byQuery(text).where]);
      const linked = byQuery(`where=${encodeURIComponent(JSON.stringify(filter))}`);
      expect([text, linked.where]).toEqual([text, byQuery(text).where]);
    }
  });

  test('has and, or and not, of which an and keeps its entries apart', () => {
    expect(where({ or: [{ status: 'pending' }, { not: { total: 1 } }] })).toEqual({
      kind: 'and',
      of: [
        {
          kind: 'or',
          of: [
            { kind: 'and', of: [is('status', 'eq', 'pending')] },
            { kind: 'and', of: [{ kind: 'not', of: { kind: 'and', of: [is('total', 'eq', 1)] } }] },
          ],
        },
      ],
    });
    expect(where({ and: [{ 'lines.sku': 'A' }, { 'lines.quantity': 1 }] })).toEqual({
      kind: 'and',
      of: [
        { kind: 'and', of: [is('lines.sku', 'eq', 'A')] },
        { kind: 'and', of: [is('lines.quantity', 'eq', 1)] },
      ],
    });
  });

  test('matches nothing by an empty list or an empty or, and everything by an or with an empty filter', () => {
    expect(where({ status: [] })).toEqual({ kind: 'and', of: [is('status', 'eq')] });
    expect(where({ or: [] })).toEqual({ kind: 'and', of: [{ kind: 'or', of: [] }] });
    expect(where({ or: [{ status: 'pending' }, {}] })).toBeNull();
    expect(where({})).toBeNull();
  });

  test('stands beside the conditions of the query string', () => {
    const linked = byQuery(`lines.sku=A&where=${encodeURIComponent('{"lines.quantity":{"gte":2}}')}`);
    expect(linked.where).toEqual(byQuery('lines.sku=A&lines.quantity[gte]=2').where);
  });

  test('all days of a list are met each by a value of its own', () => {
    expect(where({ seenAt: { all: ['2026-05-01', '2026-05-03T00:00:00Z'] } })).toMatchObject({
      of: [
        { kind: 'and', of: [{ op: 'gte' }, { op: 'lt' }] },
        { kind: 'and', of: [{ op: 'eq' }] },
      ],
    });
  });

  test.each<[unknown, string]>([
    [[], 'where value_invalid'],
    ['status', 'where value_invalid'],
    [null, 'where value_invalid'],
    [{ nobody: 1 }, 'where.nobody field_unknown'],
    [{ customer: { tier: 'gold' } }, 'where.customer field_unknown'],
    [{ note: 'a' }, 'where.note field_not_filterable'],
    [{ status: {} }, 'where.status value_empty'],
    [{ status: { like: 'a' } }, 'where.status.like operator_unknown'],
    [{ status: { gt: 'a' } }, 'where.status.gt operator_not_allowed'],
    [{ status: 'lost' }, 'where.status value_invalid'],
    [{ status: null }, 'where.status value_invalid'],
    [{ 'customer.name': ['a', null] }, 'where.customer.name value_invalid'],
    [{ 'customer.name': 5 }, 'where.customer.name value_invalid'],
    [{ 'customer.name': 'a\ud800' }, 'where.customer.name value_invalid'],
    [{ 'customer.name': 'x'.repeat(limits.value + 1) }, 'where.customer.name value_too_long'],
    [{ total: 10.5 }, 'where.total value_invalid'],
    [{ total: '1000' }, 'where.total value_invalid'],
    [{ total: { gte: [1] } }, 'where.total.gte value_invalid'],
    [{ weight: '1' }, 'where.weight value_invalid'],
    [{ gift: 'true' }, 'where.gift value_invalid'],
    [{ dueOn: { exists: 'false' } }, 'where.dueOn.exists value_invalid'],
    [{ placedAt: 5 }, 'where.placedAt value_invalid'],
    [{ at: 'home' }, 'where.at operator_not_allowed'],
    [{ at: { near: '1,2,5km' } }, 'where.at.near value_invalid'],
    [{ at: { near: { lat: 91, lon: 0, distance: '1m' } } }, 'where.at.near value_invalid'],
    [{ or: { status: 'a' } }, 'where.or value_invalid'],
    [{ or: [{ stauts: 'a' }] }, 'where.or[0].stauts field_unknown'],
    [{ or: [{ status: 'pending' }, { not: { and: [5] } }] }, 'where.or[1].not.and[0] value_invalid'],
    [{ not: {} }, 'where.not value_empty'],
    [JSON.parse('{"__proto__":1}'), 'where.__proto__ field_unknown'],
    [{ constructor: 1 }, 'where.constructor field_unknown'],
  ])('%j is refused: %s', (filter, fault) => {
    expect(faults({ where: filter })).toEqual([fault]);
    const linked = parseQuery(`where=${encodeURIComponent(JSON.stringify(filter))}`, served, now);
    if (JSON.stringify(filter).length < 1_000) expect(faultsOf(linked)).toEqual([fault]);
  });

  test('a where that is no JSON is a fault of the query string', () => {
    expect(faultsOf(parseQuery('where={', served, now))).toEqual(['where value_invalid']);
  });

  test('may be as deep, as wide and as long as the limits say, and no more', () => {
    const deep = (levels: number): object =>
      levels === 1 ? { status: 'pending' } : { not: deep(levels - 1) };
    expect(faults({ where: deep(limits.depth) })).toEqual([]);
    expect(faults({ where: deep(limits.depth + 1) })[0]).toMatch(/where_too_deep$/);
    const either = (levels: number): object =>
      levels === 1 ? { gift: [true] } : { or: [either(levels - 1)] };
    expect(faults({ where: either(limits.depth) })).toEqual([]);

    const wide = (conditions: number): object => ({
      or: Array.from({ length: conditions / 2 }, () => ({ status: 'pending' })),
    });
    expect(faults({ where: wide(limits.conditions) })).toEqual([]);
    expect(faults({ where: wide(limits.conditions + 2) })).toEqual([' too_many_conditions']);

    const values = (count: number) => ({ limit: Array.from({ length: count }, (_, at) => at) });
    expect(faults({ where: values(limits.values) })).toEqual([]);
    expect(faults({ where: values(limits.values + 1) })).toEqual([' too_many_values']);

    const long = (length: number) => {
      const names = Array.from({ length: 30 }, () => 'x'.repeat(500));
      const rest = length - JSON.stringify({ where: { 'customer.name': [...names, ''] } }).length;
      return { where: { 'customer.name': [...names, 'x'.repeat(rest)] } };
    };
    expect(JSON.stringify(long(limits.search))).toHaveLength(limits.search);
    expect(faults(long(limits.search))).toEqual([]);
    expect(faults(long(limits.search + 1))).toEqual([' body_too_large']);
    expect(faults({ cursor: 'x'.repeat(limits.body) })).toEqual([' body_too_large']);
  });

  test('whatever its depth, it is refused and nothing breaks', () => {
    const text = `{"where":${'{"not":'.repeat(20_000)}{}${'}'.repeat(20_000)}}`;
    expect(faults(JSON.parse(text))).toEqual([' where_too_deep']);
  });
});

describe('A search in JSON', () => {
  test('takes lists, or one text with commas, for what the query string parts by commas', () => {
    const text = byQuery(
      'q=a&in=note,customer.name&sort=-total,limit&fields=status,total&facets=status:5,placedAt:month&highlight=note&limit=7&totals=exact',
    );
    const members = { q: 'a', limit: 7, totals: 'exact' };
    expect(
      search({
        ...members,
        in: ['note', 'customer.name'],
        sort: ['-total', 'limit'],
        fields: ['status', 'total'],
        facets: ['status:5', 'placedAt:month'],
        highlight: ['note'],
      }),
    ).toEqual(text);
    expect(
      search({
        ...members,
        in: 'note,customer.name',
        sort: '-total,limit',
        fields: 'status,total',
        facets: 'status:5,placedAt:month',
        highlight: 'note',
      }),
    ).toEqual(text);
    expect(search({})).toEqual(byQuery(''));
    expect(search({ sort: [], fields: [], facets: [] })).toEqual(byQuery(''));
    expect(search({ q: 'a', highlight: true })).toEqual(byQuery('q=a&highlight=true'));
    expect(search({ highlight: false })).toEqual(byQuery(''));
    expect(search({ where: { placedAt: '2026-05-01' }, tz: '+02:00' })).toEqual(
      byQuery('placedAt=2026-05-01&tz=%2B02:00'),
    );
  });

  test.each<[unknown, string[]]>([
    [null, [' value_invalid']],
    [[], [' value_invalid']],
    ['{}', [' value_invalid']],
    [{ fitler: {} }, ['fitler unsupported_parameter']],
    [{ page: 2, snapshot: '5m' }, ['page unsupported_parameter', 'snapshot unsupported_parameter']],
    [{ limit: '5' }, ['limit limit_invalid']],
    [{ limit: 101 }, ['limit limit_invalid']],
    [{ limit: 1.5 }, ['limit limit_invalid']],
    [{ limit: null }, ['limit limit_invalid']],
    [{ q: '' }, ['q value_empty']],
    [{ q: 5 }, ['q value_invalid']],
    [{ q: 'a\ud800' }, ['q value_invalid']],
    [{ sort: [5] }, ['sort value_invalid']],
    [{ sort: ['total', 'nothing'] }, ['sort field_unknown']],
    [{ fields: { a: 1 } }, ['fields value_invalid']],
    [{ facets: ['nothing'] }, ['facets field_unknown']],
    [{ highlight: true }, ['highlight parameter_conflict']],
    [{ highlight: 5 }, ['highlight value_invalid']],
    [{ totals: 'all' }, ['totals value_invalid']],
    [{ cursor: null }, ['cursor value_invalid']],
    [{ cursor: '' }, ['cursor value_empty']],
    [{ tz: 'Mars' }, ['tz value_invalid']],
    [
      { where: { a: 1 }, limit: -1, sort: ['b'] },
      ['where.a field_unknown', 'sort field_unknown', 'limit limit_invalid'],
    ],
  ])('%j is refused: %j', (body, expected) => {
    expect(faults(body)).toEqual(expected);
  });

  test('an unknown member is told which one was probably meant', () => {
    const parsed = parseSearch({ fitler: 1, facet: [] }, served, now);
    expect('faults' in parsed && parsed.faults).toMatchObject([{}, { didYouMean: 'facets' }]);
  });

  test('any JSON is either understood or refused with faults', () => {
    const names = [
      'where',
      'sort',
      'status',
      'total',
      'placedAt',
      'at',
      'or',
      'not',
      'and',
      'gte',
      'near',
      'all',
      'exists',
    ];
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 8 },
        fc.constantFrom('pending', 'now-1d', '', 1, 1.5, true, null, '-total'),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...names), tie('tree'), { maxKeys: 3 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('where', 'sort', 'q', 'facets', 'limit'), tree), (body) => {
        const parsed = parseSearch(body, served, now);
        if ('faults' in parsed) expect(parsed.faults.length).toBeGreaterThan(0);
        else expect(parsed.query.sort.at(-1)?.field).toBe('id');
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('A batch', () => {
  test('has its ids in the order asked, each once', () => {
    expect(parseBatch({ ids: ['b', 'a', 'b'] })).toEqual({ query: ['b', 'a'] });
    expect(parseBatch({ ids: [] })).toEqual({ query: [] });
  });

  test('has as many ids as the limit says, and no more', () => {
    const ids = (count: number) => Array.from({ length: count }, (_, at) => `o${at}`);
    expect(faultsOf(parseBatch({ ids: ids(limits.batch) }))).toEqual([]);
    expect(faultsOf(parseBatch({ ids: ids(limits.batch + 1) }))).toEqual(['ids too_many_values']);
    expect(faultsOf(parseBatch({ ids: ['é'.repeat(64)] }))).toEqual([]);
    expect(faultsOf(parseBatch({ ids: ['é'.repeat(64) + 'x'] }))).toEqual(['ids[0] value_invalid']);
  });

  test.each<[unknown, string[]]>([
    [{}, ['ids parameter_missing']],
    [{ ids: 'a' }, ['ids value_invalid']],
    [{ ids: ['a', '', 5] }, ['ids[1] value_invalid', 'ids[2] value_invalid']],
    [{ ids: ['\ud800'] }, ['ids[0] value_invalid']],
    [{ id: 'a' }, ['id unsupported_parameter']],
  ])('%j is refused: %j', (body, expected) => {
    expect(faultsOf(parseBatch(body))).toEqual(expected);
  });
});

test('a view without text searches none by JSON either', () => {
  expect(faultsOf(parseSearch({ q: 'a' }, plain, now))).toEqual(['q field_not_searchable']);
});
