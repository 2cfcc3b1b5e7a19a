import { describe, expect, test } from '@jest/globals';
import { served } from '../testing/views.js';
import { limits } from './limits.js';
import { parseQuery, type ListQuery, type Parsed } from './parse.js';
import { parseStats } from './stats-query.js';
import { parseSuggest } from './suggestion-query.js';

const now = Date.parse('2026-03-31T10:20:30.400Z');

function understood<T>(parsed: Parsed<T>): T {
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.query;
}
const facets = (query: string): ListQuery['facets'] => understood(parseQuery(query, served, now)).facets;
function faultsOf(parsed: Parsed<unknown>): string[] {
  return 'faults' in parsed ? parsed.faults.map(({ parameter, code }) => `${parameter} ${code}`) : [];
}
const values = (field: string, limit: number = limits.bucketsDefault) => ({
  kind: 'values',
  field,
  limit,
  selected: [],
});

describe('Facets', () => {
  test('count by values, by intervals of dates and by ranges', () => {
    expect(
      facets(
        'facets=status,customer.tier:50,placedAt:month,dueOn:week,total:..1000|1000..5000|5000..&tz=Europe/Amsterdam',
      ).map(({ name, facet }) => [name, facet]),
    ).toEqual([
      ['status', values('status')],
      ['customer.tier', values('customer.tier', 50)],
      [
        'placedAt',
        {
          kind: 'dates',
          field: 'placedAt',
          interval: 'month',
          zone: 'Europe/Amsterdam',
          limit: limits.intervals,
        },
      ],
      [
        'dueOn',
        {
          kind: 'dates',
          field: 'dueOn',
          interval: 'week',
          zone: 'Europe/Amsterdam',
          limit: limits.intervals,
        },
      ],
      [
        'total',
        {
          kind: 'ranges',
          field: 'total',
          ranges: [
            { from: null, to: 1000 },
            { from: 1000, to: 5000 },
            { from: 5000, to: null },
          ],
        },
      ],
    ]);
  });

  test('ranges are of numbers, days and instants, of which a day stands for its beginning in the zone', () => {
    const ranges = (query: string): unknown => {
      const [facet] = facets(query);
      return facet?.facet.kind === 'ranges' && facet.facet.ranges;
    };
    expect(ranges('facets=weight:1.5..2.5|-1..1')).toEqual([
      { from: 1.5, to: 2.5 },
      { from: -1, to: 1 },
    ]);
    expect(ranges('facets=dueOn:2026-05-01..2026-06-01')).toEqual([{ from: '2026-05-01', to: '2026-06-01' }]);
    expect(ranges('facets=placedAt:2026-03-01..now|now-1M/M..&tz=%2B02:00')).toEqual([
      { from: '2026-02-28T22:00:00.000Z', to: '2026-03-31T10:20:30.400Z' },
      { from: '2026-01-31T22:00:00.000Z', to: null },
    ]);
  });

  test('a facet counts without the filter on its own field, and lists what that selects', () => {
    const asked = facets(
      'status=pending&total[gte]=5&placedAt=2026-05-01&facets=status,total:10,placedAt:day,gift',
    );
    const fieldsOf = (name: string): string[] => {
      const found = JSON.stringify(asked.find((one) => one.name === name)?.where);
      return ['status', 'total', 'placedAt'].filter((field) => found.includes(`"${field}"`));
    };
    expect(fieldsOf('status')).toEqual(['total', 'placedAt']);
    expect(fieldsOf('total')).toEqual(['status', 'placedAt']);
    expect(fieldsOf('placedAt')).toEqual(['status', 'total']);
    expect(fieldsOf('gift')).toEqual(['status', 'total', 'placedAt']);
    expect(asked.map(({ facet }) => 'selected' in facet && facet.selected)).toEqual([
      ['pending'],
      [],
      false,
      [],
    ]);
    expect(facets('status=pending&facets=status')[0]?.where).toBeNull();
  });

  test('a filter on its own field by JSON is its own too, unless it lies within an and, or or not', () => {
    const where = (filter: object) => `facets=status&where=${encodeURIComponent(JSON.stringify(filter))}`;
    expect(facets(where({ status: ['pending'] }))[0]).toMatchObject({
      where: null,
      facet: { selected: ['pending'] },
    });
    expect(facets(where({ or: [{ status: 'pending' }] }))[0]).toMatchObject({
      where: { of: [{ kind: 'or' }] },
      facet: { selected: [] },
    });
  });

  test.each<[string, string]>([
    ['facets=nothing', 'facets field_unknown'],
    ['facets=status,', 'facets field_unknown'],
    ['facets=note', 'facets field_not_facetable'],
    ['facets=secret', 'facets field_not_facetable'],
    ['facets=at', 'facets field_not_facetable'],
    ['facets=status,status:5', 'facets parameter_repeated'],
    ['facets=status:month', 'facets facet_invalid'],
    ['facets=placedAt:fortnight', 'facets facet_invalid'],
    ['facets=status:', 'facets facet_invalid'],
    ['facets=status:a..b', 'facets facet_invalid'],
    ['facets=total:..', 'facets facet_invalid'],
    ['facets=total:1..2|', 'facets facet_invalid'],
    ['facets=total:5..5', 'facets facet_invalid'],
    ['facets=total:10.50..', 'facets value_invalid'],
    ['facets=placedAt:..soon', 'facets value_invalid'],
    ['facets=status:0', 'facets too_many_buckets'],
    [`facets=status:${limits.buckets + 1}`, 'facets too_many_buckets'],
    [
      `facets=${Array.from({ length: limits.facets + 1 }, () => 'status').join(',')}`,
      'facets too_many_facets',
    ],
    [
      `facets=total:${Array.from({ length: limits.ranges + 1 }, (_, at) => `${at}..`).join('|')}`,
      'facets too_many_buckets',
    ],
    ['facets=status:500,total:500,gift:500,limit:500,yen:1', 'facets too_many_buckets'],
  ])('%s is refused: %s', (query, fault) => {
    expect(faultsOf(parseQuery(query, served, now))).toEqual([fault]);
  });

  test('may have as many groups, facets and ranges as the limits say', () => {
    expect(facets(`facets=status:${limits.buckets}`)).toHaveLength(1);
    expect(facets('facets=status:500,total:500,gift:500,limit:500')).toHaveLength(4);
    const ranges = Array.from({ length: limits.ranges }, (_, at) => `${at}..`).join('|');
    expect(facets(`facets=total:${ranges}`)).toHaveLength(1);
  });
});

describe('Figures', () => {
  const stats = (query: string) => understood(parseStats(query, served, now));

  test('are of fields, by a facet or the intervals of a date, under the filters of lists', () => {
    expect(stats('sum=total,weight&max=placedAt&by=placedAt:month&status=confirmed&tz=%2B02:00')).toEqual({
      where: { kind: 'and', of: [{ kind: 'condition', field: 'status', op: 'eq', values: ['confirmed'] }] },
      q: null,
      in: null,
      by: { kind: 'dates', field: 'placedAt', interval: 'month', zone: '+02:00' },
      limit: limits.intervals,
      metrics: [
        { op: 'sum', field: 'total' },
        { op: 'sum', field: 'weight' },
        { op: 'max', field: 'placedAt' },
      ],
    });
    expect(stats('by=customer.tier:50')).toMatchObject({
      by: { kind: 'values', field: 'customer.tier' },
      limit: 50,
      metrics: [],
    });
    expect(stats('q=a&in=note')).toMatchObject({ by: null, q: 'a', in: ['note'] });
  });

  test.each<[string, string]>([
    ['sum=status', 'sum field_not_aggregatable'],
    ['sum=placedAt', 'sum field_not_aggregatable'],
    ['min=at', 'min field_not_aggregatable'],
    ['avg=nothing', 'avg field_unknown'],
    ['sum=', 'sum value_empty'],
    ['sum=total&sum=yen', 'sum parameter_repeated'],
    ['by=total:..5', 'by facet_invalid'],
    ['by=nothing', 'by field_unknown'],
    ['limit=5', 'limit unsupported_parameter'],
    ['sort=total', 'sort unsupported_parameter'],
  ])('%s is refused: %s', (query, fault) => {
    expect(faultsOf(parseStats(query, served, now))).toEqual([fault]);
  });
});

describe('Suggestions', () => {
  test('are of a field, a beginning and filters', () => {
    expect(understood(parseSuggest('field=customer.name&prefix=an&gift=true', served, now))).toEqual({
      field: 'customer.name',
      prefix: 'an',
      limit: limits.suggestionsDefault,
      where: { kind: 'and', of: [{ kind: 'condition', field: 'gift', op: 'eq', values: [true] }] },
    });
    expect(understood(parseSuggest('field=status&limit=100', served, now))).toMatchObject({
      prefix: '',
      limit: 100,
    });
  });

  test.each<[string, string]>([
    ['', 'field parameter_missing'],
    ['field=', 'field value_empty'],
    ['field=nothing', 'field field_unknown'],
    ['field=total', 'field field_not_suggestable'],
    ['field=note', 'field field_not_suggestable'],
    ['field=status&prefix=', 'prefix value_empty'],
    [`field=status&prefix=${'x'.repeat(limits.prefix + 1)}`, 'prefix value_too_long'],
    ['field=status&limit=0', 'limit limit_invalid'],
    ['field=status&limit=101', 'limit limit_invalid'],
    ['field=status&q=a', 'q unsupported_parameter'],
  ])('%j is refused: %s', (query, fault) => {
    expect(faultsOf(parseSuggest(query, served, now))).toEqual([fault]);
  });
});
