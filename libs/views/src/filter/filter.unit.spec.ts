import fc from 'fast-check';
import { compareText, compareValues } from './compare.js';
import { matches } from './matches.js';
import { metresOf } from './near.js';
import { fieldOperatorsOf, normalizeFilter, type FilterColumn } from './normalize.js';

const columns = new Map<string, FilterColumn>([
  ['status', { kind: 'enum', nullable: false, values: ['a', 'b', 'c'] }],
  ['total', { kind: 'money', nullable: false }],
  ['paidAt', { kind: 'instant', nullable: true }],
  ['day', { kind: 'day', nullable: true }],
  ['sku', { kind: 'string', nullable: true }],
  ['tags', { kind: 'string', nullable: false }],
  ['open', { kind: 'bool', nullable: false }],
  ['body', { kind: 'prose', nullable: false }],
]);

function holds(asked: unknown, row: Record<string, unknown>): boolean {
  const { filter, faults } = normalizeFilter(asked, columns);
  expect(faults).toEqual([]);
  return matches(filter, (field) => row[field]);
}

describe('a filter', () => {
  it.each([
    [{ status: 'a' }, { status: 'a' }, true],
    [{ status: ['a', 'b'] }, { status: 'c' }, false],
    [{ status: [] }, { status: 'a' }, false],
    [{ status: { ne: ['a', 'b'] } }, { status: 'c' }, true],
    [{ total: { gte: 1, lt: 3 } }, { total: 3 }, false],
    [{ total: { gte: 1, lt: 3 } }, { total: 1 }, true],
    [{ sku: { prefix: 'AB' } }, { sku: 'ABC' }, true],
    [{ open: false }, { open: false }, true],
    [{ status: 'a', total: 1 }, { status: 'a', total: 2 }, false],
    [{ or: [{ status: 'a' }, { total: 2 }] }, { status: 'b', total: 2 }, true],
    [{ or: [] }, { status: 'a' }, false],
    [{ or: [{}, { total: 2 }] }, { total: 1 }, true],
    [{ and: [{ status: 'a' }, { not: { total: 1 } }] }, { status: 'a', total: 2 }, true],
    [{}, {}, true],
  ])('%j over %j: %j', (asked, row, expected) => {
    expect(holds(asked, row)).toBe(expected);
  });

  it("keeps the entries of an explicit 'and' apart: each may be met by another element of a list", () => {
    const is = (field: string, value: string | number) => ({
      kind: 'condition',
      field,
      op: 'eq',
      values: [value],
    });
    const { filter } = normalizeFilter({ and: [{ sku: 'A' }, { total: 1 }], status: 'a' }, columns);
    expect(filter).toEqual({
      kind: 'and',
      of: [{ kind: 'and', of: [is('sku', 'A')] }, { kind: 'and', of: [is('total', 1)] }, is('status', 'a')],
    });
  });

  it('matches a missing value only by null and exists: false, not even by ne', () => {
    for (const row of [{ sku: null }, {}, { sku: [] }]) {
      expect(holds({ sku: null }, row)).toBe(true);
      expect(holds({ sku: { exists: false } }, row)).toBe(true);
      expect(holds({ sku: ['x', null] }, row)).toBe(true);
      expect(holds({ sku: { ne: 'x' } }, row)).toBe(false);
      expect(holds({ sku: { gte: '' } }, row)).toBe(false);
      expect(holds({ sku: { ne: null } }, row)).toBe(false);
    }
  });

  it('holds for several values when any matches, and for ne when none does', () => {
    expect(holds({ tags: 'x' }, { tags: ['w', 'x'] })).toBe(true);
    expect(holds({ tags: { ne: 'x' } }, { tags: ['w', 'x'] })).toBe(false);
    expect(holds({ tags: { ne: 'x' } }, { tags: ['w'] })).toBe(true);
  });

  it('compares instants as points in time', () => {
    const row = { paidAt: '2026-05-31T14:00:00+02:00' };
    expect(holds({ paidAt: '2026-05-31T12:00:00Z' }, row)).toBe(true);
    expect(holds({ paidAt: { gt: '2026-05-31T13:00:00Z' } }, row)).toBe(false);
    expect(holds({ paidAt: { gt: '2026-05-31T11:59:59.9999Z' } }, row)).toBe(true);
  });

  it.each([
    [{ nope: 1 }, "there is no 'nope' to filter on"],
    [{ body: 'x' }, "'body' can not be filtered on: it is a prose column"],
    [{ status: 'd' }, "'status' takes one of a, b, c"],
    [{ total: 1.5 }, "'total' takes whole numbers"],
    [{ total: null }, "'total' is never null"],
    [{ total: { prefix: 'x' } }, "'total' knows no 'prefix'"],
    [{ total: { gte: [1, 2] } }, "'total' gte takes one value"],
    [{ sku: { exists: 'yes' } }, "'sku' exists: must be true or false"],
    [{ paidAt: '2026-05-31' }, "'paidAt' takes instants"],
    [{ day: '2026-02-30' }, "'day' takes days"],
    [{ or: { status: 'a' } }, "'or' takes a list of filters"],
    [{ not: 'x' }, 'a filter must be an object'],
    ['x', 'a filter must be an object'],
  ])('%j is refused: %s', (asked, words) => {
    expect(normalizeFilter(asked, columns).faults).toEqual([expect.stringContaining(words)]);
  });

  it('tells all of its faults', () => {
    expect(normalizeFilter({ nope: 1, total: 'x', or: [{ status: 'd' }] }, columns).faults).toHaveLength(3);
  });
});

describe('a filter of documents', () => {
  const fields = new Map<string, FilterColumn>([
    ['tags', { kind: 'string', nullable: false, array: true }],
    ['at', { kind: 'geo', nullable: true }],
    ['total', { kind: 'money', nullable: false }],
  ]);
  const asked = (input: unknown) => normalizeFilter(input, fields, fieldOperatorsOf);
  const has = (input: unknown, document: Record<string, unknown>): boolean => {
    const { filter, faults } = asked(input);
    expect(faults).toEqual([]);
    return matches(filter, (field) => document[field]);
  };

  it('asks for all of several values', () => {
    expect(has({ tags: { all: ['x', 'y'] } }, { tags: ['y', 'w', 'x'] })).toBe(true);
    expect(has({ tags: { all: ['x', 'y'] } }, { tags: ['x'] })).toBe(false);
    expect(has({ tags: { all: 'x' } }, { tags: ['x'] })).toBe(true);
    expect(has({ tags: { all: [] } }, { tags: ['x'] })).toBe(false);
  });

  it('asks for what is near, by the distance on the sphere', () => {
    // Amsterdam and Utrecht are 34.6 km apart.
    const utrecht = { at: { lat: 52.0907, lon: 5.1214 } };
    const within = (distance: string) => ({ at: { near: { lat: 52.37, lon: 4.89, distance } } });
    expect(has(within('36km'), utrecht)).toBe(true);
    expect(has(within('34km'), utrecht)).toBe(false);
    expect(
      has({ at: { near: { lat: 0, lon: 179.99, distance: '3km' } } }, { at: { lat: 0, lon: -179.99 } }),
    ).toBe(true);
    expect(has({ at: { exists: false } }, { at: null })).toBe(true);
    expect(has(within('36km'), { at: null })).toBe(false);
  });

  it.each([
    [{ at: { near: { lat: 91, lon: 4, distance: '5km' } } }, "'at' near takes"],
    [{ at: { near: { lat: 52, lon: 4, distance: 5 } } }, "'at' near takes"],
    [{ at: { near: { lat: 52, lon: 4, distance: '5km', within: 1 } } }, "'at' near takes"],
    [{ at: { eq: 'here' } }, "'at' knows no 'eq'"],
    [{ total: { all: [1] } }, "'total' knows no 'all'"],
    [{ tags: { all: ['x', null] } }, "'tags' takes text"],
  ])('refuses %j', (input, words) => {
    expect(asked(input).faults).toEqual([expect.stringContaining(words)]);
  });

  it('is not one of a declaration, which knows neither', () => {
    expect(normalizeFilter({ tags: { all: ['x'] } }, fields).faults).toEqual([
      expect.stringContaining("'tags' knows no 'all'"),
    ]);
    expect(normalizeFilter({ at: { near: {} } }, fields).faults).toEqual([
      expect.stringContaining("'at' can not be filtered on"),
    ]);
  });

  it.each([
    ['5km', 5_000],
    ['800m', 800],
    ['1.5mi', 2_414.016],
    ['0m', null],
    ['30000km', null],
    ['5', null],
    ['5 km', null],
    ['-5km', null],
    ['5e3m', null],
  ])('reads the distance %s as %j metres', (text, metres) => {
    expect(metresOf(text)).toBe(metres);
  });
});

// Every code point but surrogates; fast-check's own strings of them (`binary`) take a second to set up.
const character = fc
  .nat({ max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

describe('the order of values', () => {
  it('is that of UTF-8 bytes for any text', () => {
    const text = fc.string({ unit: character });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareText(a, b))).toBe(bytes);
      }),
    );
  });

  it('puts an emoji after the last character of the first plane', () => {
    expect(compareText('\uFFFD', '😀')).toBeLessThan(0);
  });

  it('is by time for instants, beyond milliseconds too', () => {
    expect(compareValues('2026-01-01T01:00:00+01:00', '2026-01-01T00:00:00.000Z', 'instant')).toBe(0);
    expect(compareValues('2026-01-01T00:00:00.0001Z', '2026-01-01T00:00:00.0002Z', 'instant')).toBeLessThan(
      0,
    );
  });

  it.each([
    ['2026-06-30T23:59:59.9Z', '2026-06-30T23:59:60Z'],
    ['2026-06-30T23:59:60Z', '2026-06-30T23:59:60.25Z'],
    ['2026-06-30T23:59:60.25Z', '2026-07-01T02:00:00.5+02'],
    ['2026-07-01T02:00:00.5001+0200', '2026-07-01T02:00:00.5002+02'],
  ])('is by time for %s and then %s, which are no dates of JavaScript', (earlier, later) => {
    expect(compareValues(earlier, later, 'instant')).toBeLessThan(0);
    expect(compareValues(later, earlier, 'instant')).toBeGreaterThan(0);
  });
});
