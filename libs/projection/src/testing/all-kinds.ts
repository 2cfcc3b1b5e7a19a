import fc from 'fast-check';
import {
  array,
  bool,
  day,
  decimal,
  describe,
  id,
  instant,
  int,
  list,
  money,
  nullable,
  oneOf,
  ref,
  source,
  string,
  was,
  withDefault,
  type DerivedColumn,
  type Fallback,
  type Filter,
  type FilterOp,
  type FilterValue,
  type Level,
  type Link,
  type RollUp,
  type SortKey,
} from '#views';

/** Rows with columns of every kind that can be filtered, sorted or rolled up, in the row and in the items of a list. */
const owner = source('owner', { id: id() });
const values = {
  int: nullable(int()),
  money: nullable(money('EUR')),
  decimal: nullable(decimal()),
  bool: nullable(bool()),
  string: nullable(string()),
  enum: nullable(oneOf('a', 'b')),
  day: nullable(day()),
  instant: nullable(instant()),
  ints: array(int()),
  decimals: array(decimal()),
  strings: array(string()),
  instants: array(instant()),
  renamed: was(nullable(int()), 'formerly'),
  later: withDefault(int(), 7),
};
const part = source('part', {
  id: id(),
  ownerId: nullable(ref(owner)),
  ownerIds: array(ref(owner)),
  ...values,
  items: list({ ownerId: nullable(ref(owner)), ownerIds: array(ref(owner)), ...values }),
});

export const allKindsSources = [owner, part].map(describe);

/** What stands in the states: numbers as texts of JSON, since one number has several. */
const texts: Readonly<Record<string, readonly string[]>> = {
  int: ['0', '-0', '1', '-1', '2.0', '3e2', '9007199254740991', '-9007199254740991', '9007199254740990'],
  decimal: [
    '0.1',
    '0.2',
    '0.3',
    '-0.0',
    '1e21',
    '1.50',
    '1.5',
    '-2.5e-7',
    '0.1000000000000000055511151231257827',
    '123456789012345678',
    '1e-400',
    '5e-324',
    '1.7976931348623157e308',
  ],
  id: ['"p1"', '"p2"', '"p10"'],
  bool: ['true', 'false'],
  string: [
    ...['', 'a', 'A', 'ab', 'a%', 'a_', 'a\\', 'a"\'', '%', '_', '\\', 'ä', '�', '😀', '😀!'],
    `${'x'.repeat(99)}y${'y'.repeat(60)}`,
    'x'.repeat(150),
  ].map((one) => JSON.stringify(one)),
  enum: ['a', 'b', 'not listed'].map((one) => JSON.stringify(one)),
  day: ['2026-01-01', '2026-01-02', '0000-12-31', '9999-12-31'].map((one) => JSON.stringify(one)),
  instant: [
    '2026-01-01T12:00:00Z',
    '2026-01-01T13:00:00+01:00',
    '2026-01-01T12:00:00.000Z',
    '2026-01-01t13:00:00.10+01',
    '2026-06-30T23:59:60Z',
    '2026-07-01T00:00:00.000z',
    '2026-01-01T12:00:00.1Z',
    '2026-01-01T12:00:00.100000001Z',
    '2026-01-01T06:30:00.100000001-05:30',
    '2026-01-01T12:00:00.123456789Z',
    '2026-01-01T12:00:00.1234567Z',
    '2024-02-29T23:59:59.999Z',
    '2024-03-01T00:00:00+00:01',
    '1969-12-31T23:59:59.999999Z',
    '0000-01-01T00:00:00+01:00',
    '0000-03-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00',
  ].map((one) => JSON.stringify(one)),
};
const pool = (kind: string): readonly string[] =>
  texts[{ money: 'int', renamed: 'int', later: 'int', formerly: 'int' }[kind] ?? kind] ?? [];

export const owners: readonly string[] = ['o1', 'o2', 'o3'];
const ownerText = fc.constantFrom('"o1"', '"o2"', '"o3"', '"gone"');
const arrayOf = (one: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(one, { maxLength: 3 }).map((all) => `[${all.join(', ')}]`);

/** The members of a row or an item, each of which may be missing. */
const members: fc.Arbitrary<readonly string[]> = fc
  .record(
    {
      ownerId: fc.oneof(ownerText, fc.constant('null')),
      ownerIds: arrayOf(ownerText),
      ...Object.fromEntries(
        [
          'int',
          'money',
          'decimal',
          'bool',
          'string',
          'enum',
          'day',
          'instant',
          'renamed',
          'formerly',
          'later',
        ].map((name) => [
          name,
          fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...pool(name)) }, fc.constant('null')),
        ]),
      ),
      ...Object.fromEntries(
        ['int', 'decimal', 'string', 'instant'].map((kind) => [
          `${kind}s`,
          arrayOf(fc.constantFrom(...pool(kind))),
        ]),
      ),
    },
    { requiredKeys: [] },
  )
  .map((made) => Object.entries(made).map(([name, text]) => `${JSON.stringify(name)}: ${String(text)}`));

/** The text of one row's state, without its id. */
export const stateText: fc.Arbitrary<string> = fc
  .tuple(members, fc.array(members, { maxLength: 3 }))
  .map(
    ([own, items]) =>
      `{${[...own, `"items": [${items.map((one) => `{${one.join(', ')}}`).join(', ')}]`].join(', ')}}`,
  );

const columns: readonly DerivedColumn[] = allKindsSources.flatMap(({ name, columns: all }) =>
  name !== 'part'
    ? []
    : all.flatMap((column) => {
        const ofItems = column.kind === 'list';
        const inside = ofItems ? column.columns : [column];
        return inside
          .filter(({ ref: to }) => to === undefined)
          .map(({ name: own, kind, array: several }) => ({
            column: ofItems ? `${column.name}.${own}` : own,
            kind,
            array: several,
          }));
      }),
);
const fallbacks: readonly Fallback[] = ['', 'items.'].flatMap((prefix) => [
  { column: `${prefix}later`, default: 7 },
  { column: `${prefix}renamed`, was: 'formerly' },
]);

const links: readonly Link[] = [
  { kind: 'backward', column: 'ownerId', many: false },
  { kind: 'backward', column: 'ownerIds', many: true },
  { kind: 'backward', column: 'items.ownerId', many: true },
  { kind: 'backward', column: 'items.ownerIds', many: true },
];

const operand = (column: DerivedColumn): fc.Arbitrary<FilterValue> => {
  const kind = column.column.split('.').at(-1) ?? '';
  return fc
    .constantFrom(...pool(column.array ? kind.slice(0, -1) : kind))
    .map((text) => JSON.parse(text) as FilterValue);
};

function operatorsOf({ kind }: DerivedColumn): readonly FilterOp[] {
  const ordered: readonly FilterOp[] = kind === 'bool' || kind === 'enum' ? [] : ['gt', 'gte', 'lt', 'lte'];
  return ['eq', 'eq', 'ne', 'exists', ...ordered, ...(kind === 'string' ? (['prefix'] as const) : [])];
}

function conditionOn(column: DerivedColumn): fc.Arbitrary<Filter> {
  const as = column.kind === 'instant' ? ({ as: 'instant' } as const) : {};
  return fc.constantFrom(...operatorsOf(column)).chain((op): fc.Arbitrary<Filter> => {
    const given: fc.Arbitrary<readonly FilterValue[]> =
      op === 'exists'
        ? fc.tuple(fc.boolean())
        : op === 'eq' || op === 'ne'
          ? fc.array(operand(column), { minLength: op === 'ne' ? 1 : 0, maxLength: 3 })
          : fc.tuple(operand(column));
    return given.map((all) => ({ kind: 'condition', field: column.column, op, values: all, ...as }));
  });
}

function filterOver(known: readonly DerivedColumn[]): fc.Arbitrary<Filter> {
  const condition = fc.constantFrom(...known).chain(conditionOn);
  const inner = fc.oneof(condition, fc.record({ kind: fc.constant('not' as const), of: condition }));
  const group = fc.record({
    kind: fc.constantFrom('and' as const, 'or' as const),
    of: fc.array(inner, { maxLength: 3 }),
  });
  return fc.oneof(condition, group, fc.record({ kind: fc.constant('not' as const), of: group }));
}

const sortOver = (known: readonly DerivedColumn[]): fc.Arbitrary<readonly SortKey[]> =>
  fc.array(
    fc
      .tuple(fc.constantFrom(...known.filter((one) => !one.array)), fc.boolean())
      .map(([{ column, kind }, descending]) => ({
        column,
        descending,
        ...(kind === 'instant' ? ({ as: 'instant' } as const) : {}),
      })),
    { maxLength: 3 },
  );

function rollUpOver(known: readonly DerivedColumn[]): fc.Arbitrary<RollUp> {
  const numbers = known.filter(({ kind }) => kind === 'int' || kind === 'money' || kind === 'decimal');
  const ordered = known.filter(({ kind }) => !['bool', 'string', 'enum', 'id'].includes(kind));
  return fc.oneof(
    fc.constant<RollUp>({ fn: 'count', value: null, distinct: false }),
    fc.record({
      fn: fc.constant('count' as const),
      value: fc.constantFrom(...known),
      distinct: fc.boolean(),
    }),
    fc.record({
      fn: fc.constantFrom('sum' as const, 'avg' as const),
      value: fc.constantFrom(...numbers),
      distinct: fc.constant(false),
    }),
    fc.record({
      fn: fc.constantFrom('min' as const, 'max' as const),
      value: fc.constantFrom(...ordered),
      distinct: fc.constant(false),
    }),
  );
}

const common = { id: 'parts', source: 'part', parent: '', columns: ['id'], fallbacks } as const;

/** Read every column, and the items by every key: what the copies of all other levels here need. */
export const everyColumn: readonly Level[] = links.map((link) => ({
  ...common,
  link,
  where: null,
  sort: [],
  limit: 1,
  derived: columns,
}));

/** A level of parts below their owner, in any form that the database has to pick or roll up. */
export const derivedLevel: fc.Arbitrary<Level> = fc.constantFrom(...links).chain((link) => {
  const known = columns.filter(({ column }) => link.column.includes('.') || !column.includes('.'));
  const where = fc.option(filterOver(known));
  const ranked = fc
    .record({ where, sort: sortOver(known), limit: fc.integer({ min: 1, max: 3 }) })
    .map((more) => ({ ...common, link, ...more }));
  const rolledUp = fc
    .record({ where, rollUp: rollUpOver(known) })
    .map((more) => ({ ...common, link, sort: [], limit: null, ...more }));
  return fc.oneof(ranked, rolledUp).map((level: Level) => ({ ...level, derived: derivedOf(level) }));
});

function derivedOf({ where, sort, rollUp }: Level): readonly DerivedColumn[] {
  const named = [...fieldsIn(where), ...sort.map(({ column }) => column), rollUp?.value?.column];
  return columns.filter(({ column }) => named.includes(column));
}

function fieldsIn(filter: Filter | null): readonly string[] {
  if (filter === null) return [];
  if (filter.kind === 'condition') return [filter.field];
  return filter.kind === 'not' ? fieldsIn(filter.of) : filter.of.flatMap(fieldsIn);
}
