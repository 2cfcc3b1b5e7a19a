import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { plain, renamed, served } from '../testing/views.js';
import { parseQuery, type ListQuery } from './parse.js';
import { editDistance, nearest } from './suggest.js';

const now = Date.parse('2026-03-31T10:20:30.400Z');

function understood(query: string, of = served): ListQuery {
  const parsed = parseQuery(query, of, now);
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  return parsed.query;
}
function faults(query: string, of = served): string[] {
  const parsed = parseQuery(query, of, now);
  return 'faults' in parsed ? parsed.faults.map(({ parameter, code }) => `${parameter} ${code}`) : [];
}
function detail(query: string): string {
  const parsed = parseQuery(query, served, now);
  return 'faults' in parsed ? parsed.faults.map((fault) => fault.detail).join(' ') : '';
}

describe('Filters', () => {
  const conditions = (query: string): unknown[] => {
    const { where } = understood(query);
    return where?.kind === 'and'
      ? where.of.map((one) => (one.kind === 'condition' ? [one.field, one.op, ...one.values] : one))
      : [];
  };

  test.each<[string, unknown[]]>([
    ['status=pending', [['status', 'eq', 'pending']]],
    ['status[eq]=pending', [['status', 'eq', 'pending']]],
    ['status%5Bne%5D=pending', [['status', 'ne', 'pending']]],
    ['status=pending,confirmed', [['status', 'eq', 'pending', 'confirmed']]],
    ['status=pending&status[eq]=confirmed', [['status', 'eq', 'pending', 'confirmed']]],
    [
      'total[gte]=1000&total[lt]=5000',
      [
        ['total', 'gte', 1000],
        ['total', 'lt', 5000],
      ],
    ],
    ['total=-5', [['total', 'eq', -5]]],
    ['weight[gt]=-1.5e2', [['weight', 'gt', -150]]],
    ['gift=true', [['gift', 'eq', true]]],
    ['dueOn[lte]=2026-05-31', [['dueOn', 'lte', '2026-05-31']]],
    ['dueOn[exists]=false', [['dueOn', 'exists', false]]],
    ['customer.name="Smith, John",Anna', [['customer.name', 'eq', 'Smith, John', 'Anna']]],
    ['customer.name="say ""hi"""', [['customer.name', 'eq', 'say "hi"']]],
    ['customer.name=""', [['customer.name', 'eq', '']]],
    ['customer.name=5"disk', [['customer.name', 'eq', '5"disk']]],
    ['customer.name=%20a', [['customer.name', 'eq', ' a']]],
    ['customer.name[prefix]=An', [['customer.name', 'prefix', 'An']]],
    ['limit[eq]=5', [['limit', 'eq', 5]]],
    [
      'lines.sku=A&lines.quantity[gte]=2',
      [
        ['lines.sku', 'eq', 'A'],
        ['lines.quantity', 'gte', 2],
      ],
    ],
    ['placedAt=2026-05-01T00:00:00Z', [['placedAt', 'eq', '2026-05-01T00:00:00.000Z']]],
    [
      'placedAt=2026-05-01',
      [
        ['placedAt', 'gte', '2026-05-01T00:00:00.000Z'],
        ['placedAt', 'lt', '2026-05-02T00:00:00.000Z'],
      ],
    ],
    ['placedAt[gt]=2026-05-01', [['placedAt', 'gte', '2026-05-02T00:00:00.000Z']]],
    ['placedAt[gte]=2026-05-01', [['placedAt', 'gte', '2026-05-01T00:00:00.000Z']]],
    ['placedAt[lt]=2026-05-01', [['placedAt', 'lt', '2026-05-01T00:00:00.000Z']]],
    ['placedAt[lte]=2026-05-31', [['placedAt', 'lt', '2026-06-01T00:00:00.000Z']]],
    ['placedAt[lte]=9999-12-31', [['placedAt', 'lte', '9999-12-31T23:59:59.999Z']]],
    ['placedAt[gt]=9999-12-31', [['placedAt', 'gt', '9999-12-31T23:59:59.999Z']]],
    ['placedAt[gte]=0000-01-01&tz=+02:00', [['placedAt', 'gte', '0000-01-01T00:00:00.000Z']]],
    ['placedAt[lte]=now', [['placedAt', 'lte', '2026-03-31T10:20:30.400Z']]],
    ['placedAt[gte]=2026-05-01T00:00:00+02:00', [['placedAt', 'gte', '2026-04-30T22:00:00.000Z']]],
    ['placedAt[gte]=2026-05-01&tz=+02:00', [['placedAt', 'gte', '2026-04-30T22:00:00.000Z']]],
  ])('%s', (query, expected) => {
    expect(conditions(query)).toEqual(expected);
  });

  test('several days are any of them, and not a day is one that exists outside of it', () => {
    expect(understood('placedAt=2026-05-01,2026-05-03T00:00:00Z').where).toMatchObject({
      of: [
        {
          kind: 'or',
          of: [
            { kind: 'and', of: [{ op: 'gte' }, { op: 'lt' }] },
            { kind: 'and', of: [{ op: 'eq' }] },
          ],
        },
      ],
    });
    expect(understood('placedAt[ne]=2026-05-01').where).toMatchObject({
      of: [{ op: 'exists', values: [true] }, { kind: 'not' }],
    });
  });

  test.each<[string, string]>([
    ['nobody=1', 'nobody field_unknown'],
    ['customer=1', 'customer field_unknown'],
    ['__proto__=1', '__proto__ field_unknown'],
    ['note=hello', 'note field_not_filterable'],
    ['secret=x', 'secret field_not_filterable'],
    ['extra=x', 'extra field_not_filterable'],
    ['at=1', 'at operator_not_allowed'],
    ['status[like]=x', 'status[like] operator_unknown'],
    ['status[]=pending', 'status[] operator_unknown'],
    ['at[near]=1,2', 'at[near] value_invalid'],
    ['at[near]=91,2,5km', 'at[near] value_invalid'],
    ['at[near]=1,2,5', 'at[near] value_invalid'],
    ['at[near]=1,2,5km&at[near]=3,4,5km', 'at[near] parameter_repeated'],
    ['customer.name[all]=a', 'customer.name[all] operator_not_allowed'],
    ['status[gt]=pending', 'status[gt] operator_not_allowed'],
    ['total[prefix]=1', 'total[prefix] operator_not_allowed'],
    ['[eq]=1', '[eq] parameter_malformed'],
    ['status[eq=1', 'status[eq parameter_malformed'],
    ['status[eq][ne]=1', 'status[eq][ne] parameter_malformed'],
    ['status=', 'status value_empty'],
    ['status', 'status value_empty'],
    ['status=a,,b', 'status value_quoting'],
    ['customer.name="a', 'customer.name value_quoting'],
    ['customer.name="a"b', 'customer.name value_quoting'],
    ['status=lost', 'status value_invalid'],
    ['total=10.50', 'total value_invalid'],
    ['total=1e3', 'total value_invalid'],
    ['total=9007199254740993', 'total value_invalid'],
    ['limit[eq]=1.5', 'limit[eq] value_invalid'],
    ['weight=Infinity', 'weight value_invalid'],
    ['weight=1e999', 'weight value_invalid'],
    ['weight=0x10', 'weight value_invalid'],
    ['gift=yes', 'gift value_invalid'],
    ['gift=null', 'gift value_invalid'],
    ['dueOn=2026-02-30', 'dueOn value_invalid'],
    ['dueOn[exists]=no', 'dueOn[exists] value_invalid'],
    ['placedAt=soon', 'placedAt value_invalid'],
    ['total[gte]=1,2', 'total[gte] value_invalid'],
    ['total[gte]=1&total[gte]=2', 'total[gte] parameter_repeated'],
    ['limit=5&limit=6', 'limit parameter_repeated'],
    [`customer.name=${'x'.repeat(1_001)}`, 'customer.name value_too_long'],
    [`limit[eq]=${Array.from({ length: 201 }, (_, at) => at).join(',')}`, ' too_many_values'],
    [Array.from({ length: 101 }, () => 'status=pending').join('&'), ' too_many_values'],
    ['x'.repeat(4_001), ' value_too_long'],
  ])('%s is refused: %s', (query, fault) => {
    expect(faults(query)).toEqual([fault]);
  });

  test('money says what was meant, in the digits of its currency', () => {
    expect(detail('total=10.50')).toContain('10.50 is 1050');
    expect(detail('total=-0.5')).toContain('-0.5 is -50');
    expect(detail('yen=10.5')).not.toContain(' is ');
    expect(detail('total=10.505')).not.toContain(' is ');
  });
});

describe('Control words', () => {
  test('order by default by relevance, else as the view says, else the newest id first', () => {
    const order = (query: string, of = served): string[] =>
      understood(query, of).sort.map(({ field, descending }) => `${descending ? '-' : ''}${field}`);
    expect(order('q=a')).toEqual(['-relevance', 'id']);
    expect(order('')).toEqual(['-placedAt', 'id']);
    expect(order('', renamed)).toEqual(['-when', 'id']);
    expect(order('', plain)).toEqual(['-id']);
    expect(order('sort=-total,limit')).toEqual(['-total', 'limit', 'id']);
    expect(order('sort=-total,-id,limit')).toEqual(['-total', '-id']);
    expect(order('sort=relevance&q=a')).toEqual(['-relevance', 'id']);
  });

  test('nulls go last both ways unless they are asked for first', () => {
    expect(
      understood('sort=-dueOn,weight:nullsFirst,total:nullsLast').sort.map(({ nulls }) => nulls),
    ).toEqual(['last', 'first', 'last', 'last']);
  });

  test('limit is 20 unless said, page counts from 1, fields may be objects, in names texts', () => {
    expect(understood('')).toMatchObject({
      limit: 20,
      page: null,
      q: null,
      in: null,
      fields: null,
      where: null,
    });
    expect(understood('limit=0')).toMatchObject({ limit: 0 });
    expect(understood('limit=100&page=10')).toMatchObject({ limit: 100, page: 10 });
    expect(understood('fields=customer,lines.sku,secret,id').fields).toEqual([
      'customer',
      'lines.sku',
      'secret',
      'id',
    ]);
    expect(understood('q=a b&in=note,customer.name').in).toEqual(['note', 'customer.name']);
  });

  test.each<[string, string]>([
    ['limit=101', 'limit limit_invalid'],
    ['limit=-1', 'limit limit_invalid'],
    ['limit=1.0', 'limit limit_invalid'],
    ['limit=ten', 'limit limit_invalid'],
    ['limit=', 'limit value_empty'],
    ['page=0', 'page page_invalid'],
    ['page=51', 'page page_too_deep'],
    ['page=1001&limit=1', 'page page_too_deep'],
    ['sort=', 'sort value_empty'],
    ['sort=total,', 'sort value_empty'],
    ['sort=nothing', 'sort field_unknown'],
    ['sort=note', 'sort field_not_sortable'],
    ['sort=secret', 'sort field_not_sortable'],
    ['sort=customer', 'sort field_unknown'],
    ['sort=total:first', 'sort value_invalid'],
    ['sort=total,-total', 'sort parameter_repeated'],
    ['sort=relevance', 'sort field_not_sortable'],
    ['sort=-relevance&q=a', 'sort value_invalid'],
    ['sort=total,limit,weight,dueOn,gift,yen', 'sort too_many_values'],
    ['fields=nothing', 'fields field_unknown'],
    ['fields=status,', 'fields field_unknown'],
    ['in=note', 'in parameter_conflict'],
    ['q=a&in=status', 'in field_not_searchable'],
    ['q=a&in=nothing', 'in field_unknown'],
    ['q=', 'q value_empty'],
    ['q=%20', 'q value_empty'],
    [`q=${'x'.repeat(257)}`, 'q value_too_long'],
    [`q=${'x '.repeat(33)}`, 'q too_many_values'],
    ['tz=Mars/Olympus', 'tz value_invalid'],
    ['cursor=', 'cursor value_empty'],
    ['totals=true', 'totals value_invalid'],
    ['highlight=true', 'highlight parameter_conflict'],
    ['q=a&highlight=status', 'highlight field_not_searchable'],
    ['snapshot=11m', 'snapshot snapshot_invalid'],
    ['snapshot=0s', 'snapshot snapshot_invalid'],
    ['snapshot=1h', 'snapshot snapshot_invalid'],
    ['snapshot=5m&page=2', 'snapshot parameter_conflict'],
  ])('%s is refused: %s', (query, fault) => {
    expect(faults(query)).toEqual([fault]);
  });

  test('a view without text has no q', () => {
    expect(faults('q=a', plain)).toEqual(['q field_not_searchable']);
  });
});

test('names are suggested when a third of the letters or less differ', () => {
  expect(nearest('stauts', ['status', 'total'])).toBe('status');
  expect(nearest('Placedat', ['placedAt'])).toBe('placedAt');
  expect(nearest('zzz', ['status', 'total'])).toBeUndefined();
  expect(editDistance('kitten', 'sitting')).toBe(3);
  expect(editDistance('ab', 'ba')).toBe(1);
});

test('any query string is either understood or refused with faults that name what they are about', () => {
  const piece = fc.constantFrom(
    'status',
    'total',
    'placedAt',
    '[gte]',
    '[',
    ']',
    '=',
    '&',
    ',',
    '"',
    'now',
    '-1d',
    '/M',
    '%',
    '%5B',
    '+',
    'a',
    '1',
    '.5',
    'sort',
    'limit',
    'q',
    'tz',
    ':nullsFirst',
    '\u0000',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const parsed = parseQuery(pieces.join(''), served, now);
      if ('faults' in parsed) expect(parsed.faults.length).toBeGreaterThan(0);
      else expect(parsed.query.sort.at(-1)?.field).toBe('id');
    }),
    { numRuns: 2_000 },
  );
});
