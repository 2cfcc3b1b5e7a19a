import fc from 'fast-check';
import { fieldOperatorsOf, type Filter, type FilterOp, type FilterValue, type QueryField } from '#views';
import type {
  DateInterval,
  FacetOf,
  FacetRequest,
  Grouping,
  Metric,
  StatsRequest,
  SuggestRequest,
  ValueRange,
} from '../aggregates.js';
import { fieldsByPath, isText } from '../fields.js';
import type { SearchRequest, SearchSort } from '../search-index.js';
import { orderPlan } from './order-plan.js';
import {
  day,
  decimal,
  instant,
  point,
  skus,
  statuses,
  tags,
  tiers,
  vocabulary,
  whole,
  word,
} from './random-orders.js';

const fields = [...fieldsByPath(orderPlan).values()];
const filterable = fields.filter((field) => field.filterable);
const kinds = (...of: QueryField['kind'][]): QueryField[] => fields.filter(({ kind }) => of.includes(kind));
const anyOf = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

function valueOf(field: QueryField): fc.Arbitrary<FilterValue> {
  switch (field.kind) {
    case 'int':
    case 'money':
      return whole;
    case 'decimal':
      return decimal;
    case 'bool':
      return fc.boolean();
    case 'instant':
      return instant;
    case 'day':
      return day;
    case 'id':
      return fc.oneof(
        fc.integer({ min: 1, max: 40 }).map((number) => `c${number}`),
        fc.constant('o00017'),
      );
    case 'string':
    case 'enum':
    case 'prose':
    case 'geo':
    case 'json':
      return textOf(field.path);
  }
}

function textOf(path: string): fc.Arbitrary<string> {
  if (path.endsWith('sku')) return anyOf(skus);
  if (path === 'tags') return anyOf(tags);
  if (path === 'codes.code') return anyOf(['x', 'y', 'Z', 'z']);
  if (path.endsWith('name')) return word;
  return anyOf([...statuses, ...tiers, 'paid', 'due']);
}

function condition(): fc.Arbitrary<Filter> {
  return anyOf(filterable).chain((field) =>
    anyOf(fieldOperatorsOf(field)).chain((op) =>
      operands(field, op).map((values): Filter => ({ kind: 'condition', field: field.path, op, values })),
    ),
  );
}

function operands(field: QueryField, op: FilterOp): fc.Arbitrary<FilterValue[]> {
  const value = valueOf(field);
  if (op === 'exists') return fc.boolean().map((one) => [one]);
  if (op === 'near')
    return fc
      .tuple(point, fc.integer({ min: 50, max: 60_000 }))
      .map(([{ lat, lon }, metres]) => [lat, lon, metres + 0.5]);
  if (op === 'eq' || op === 'all') return fc.array(value, { maxLength: 3 });
  if (op === 'ne') return fc.array(value, { minLength: 1, maxLength: 2 });
  if (op === 'prefix') return value.map((one) => [[...String(one)].slice(0, 1).join('')]);
  return value.map((one) => [one]);
}

/** Conditions on the one list that is nested, so that many of them meet. */
const onLines = fc.oneof(
  anyOf(skus).map((sku): Filter => ({
    kind: 'condition',
    field: 'lines.product.sku',
    op: 'eq',
    values: [sku],
  })),
  fc
    .tuple(anyOf<FilterOp>(['gte', 'lt', 'eq', 'ne']), whole)
    .map(([op, value]): Filter => ({ kind: 'condition', field: 'lines.quantity', op, values: [value] })),
  fc.boolean().map((there): Filter => ({
    kind: 'condition',
    field: 'lines.product.name',
    op: 'exists',
    values: [there],
  })),
);

export const filter: fc.Arbitrary<Filter> = fc.letrec<{ node: Filter }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, depthSize: 'medium' },
    { weight: 3, arbitrary: condition() },
    { weight: 2, arbitrary: onLines },
    {
      weight: 2,
      arbitrary: fc
        .tuple(anyOf(['and', 'and', 'or'] as const), fc.array(tie('node'), { maxLength: 3 }))
        .map(([kind, of]): Filter => ({ kind, of })),
    },
    { weight: 1, arbitrary: tie('node').map((of): Filter => ({ kind: 'not', of })) },
  ),
})).node;

const where = fc.option(filter, { freq: 3 });

/** Words as they are, begun, mistyped, in phrases and shut out. */
const term = fc.tuple(word, fc.integer({ min: 0, max: 9 }), word).map(([one, form, other]) => {
  if (form === 0) return `"${one} ${other}"`;
  if (form === 1) return `-${one}`;
  if (form === 2) return one.slice(0, Math.max(1, one.length - 2));
  if (form === 3) return `${one.slice(0, 2)}${one.slice(3)}`;
  if (form === 4) return `${one.slice(0, 1)}${one.slice(2, 3)}${one.slice(1, 2)}${one.slice(3)}`;
  return one;
});
const text = fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(' '));
const textPaths = fields.filter(isText).map(({ path }) => path);
const searched = fc.option(fc.subarray(textPaths, { minLength: 1 }));

const sortKey = anyOf(fields.filter((field) => field.sortable)).chain(({ path }) =>
  fc
    .tuple(fc.boolean(), anyOf(['first', 'last'] as const))
    .map(([descending, nulls]): SearchSort => ({ field: path, descending, nulls })),
);
const sort = fc.uniqueArray(sortKey, { maxLength: 3, selector: ({ field }) => field });

const interval = anyOf<DateInterval>(['hour', 'day', 'week', 'month', 'quarter', 'year']);
const zone = anyOf(['UTC', 'Europe/Amsterdam', 'America/New_York', '+05:30', 'Pacific/Apia']);
const dates = fc.tuple(anyOf(kinds('instant', 'day')), interval, zone).map(([{ path }, every, where_]) => ({
  kind: 'dates' as const,
  field: path,
  interval: every,
  zone: where_,
}));
const values = anyOf(filterable.filter(({ kind }) => kind !== 'geo')).map(({ path }) => ({
  kind: 'values' as const,
  field: path,
}));
const grouping: fc.Arbitrary<Grouping> = fc.oneof(values, dates);
const limit = fc.integer({ min: 1, max: 12 });

const ranges = anyOf(kinds('int', 'money', 'decimal', 'instant', 'day')).chain((field) => {
  const border = fc.option(valueOf(field) as fc.Arbitrary<string | number>, { freq: 4 });
  const range: fc.Arbitrary<ValueRange> = fc.record({ from: border, to: border });
  return fc
    .array(range, { minLength: 1, maxLength: 4 })
    .map((of) => ({ kind: 'ranges' as const, field: field.path, ranges: of }));
});
const facet: fc.Arbitrary<FacetOf> = fc.oneof(
  anyOf(filterable.filter(({ kind }) => kind !== 'geo' && kind !== 'instant')).chain((field) =>
    fc
      .tuple(fc.integer({ min: 0, max: 8 }), fc.uniqueArray(valueOf(field), { maxLength: 2 }))
      .map(([most, selected]) => ({ kind: 'values' as const, field: field.path, limit: most, selected })),
  ),
  fc.tuple(dates, limit).map(([of, most]) => ({ ...of, limit: most })),
  ranges,
);

/** Facets under the filter of the search, a part of it, another one, or none. */
function facetsUnder(own: Filter | null): fc.Arbitrary<FacetRequest[]> {
  const parts: (Filter | null)[] =
    own?.kind === 'and'
      ? own.of.map((_, at) => ({ kind: 'and', of: own.of.filter((__, other) => other !== at) }))
      : [];
  const under = fc.oneof(anyOf([own, null, ...parts]), where);
  return fc
    .array(fc.record({ facet, where: under }), { minLength: 1, maxLength: 3 })
    .map((of) => of.map((one, at) => ({ name: `facet [${at}]`, ...one })));
}

export type Question =
  | { readonly kind: 'search'; readonly request: SearchRequest }
  | { readonly kind: 'pages'; readonly request: SearchRequest }
  | { readonly kind: 'relevance'; readonly request: SearchRequest }
  | { readonly kind: 'stats'; readonly request: StatsRequest }
  | { readonly kind: 'suggest'; readonly request: SuggestRequest };

const search: fc.Arbitrary<SearchRequest> = fc
  .record({
    where,
    q: fc.option(text, { freq: 1 }),
    in: searched,
    sort,
    fields: fc.option(fc.subarray(fields.map(({ path }) => path)), { freq: 1 }),
    limit: fc.integer({ min: 0, max: 12 }),
    offset: fc.integer({ min: 0, max: 5 }),
    totals: anyOf(['exact', 'estimate', 'none'] as const),
  })
  .chain((asked) =>
    fc.option(facetsUnder(asked.where), { freq: 1 }).map((facets): SearchRequest => ({
      ...asked,
      after: null,
      ...(facets === null ? {} : { facets }),
      ...(asked.q === null ? {} : { highlight: 'all' as const }),
    })),
  );

const plain = { fields: null, offset: 0, after: null };
const metric: fc.Arbitrary<Metric> = fc.oneof(
  fc
    .tuple(anyOf(['sum', 'avg', 'min', 'max'] as const), anyOf(kinds('int', 'money', 'decimal')))
    .map(([op, { path }]) => ({ op, field: path })),
  fc
    .tuple(anyOf(['min', 'max'] as const), anyOf(kinds('instant', 'day')))
    .map(([op, { path }]) => ({ op, field: path })),
);

export const question: fc.Arbitrary<Question> = fc.oneof(
  { weight: 10, arbitrary: search.map((request): Question => ({ kind: 'search', request })) },
  {
    weight: 2,
    arbitrary: fc
      .record({ where, q: fc.option(text, { freq: 1 }), in: fc.constant(null), sort, limit })
      .map((asked): Question => ({ kind: 'pages', request: { ...plain, ...asked } })),
  },
  {
    weight: 2,
    arbitrary: fc.record({ where, q: text, in: searched }).map((asked): Question => ({
      kind: 'relevance',
      request: {
        ...plain,
        ...asked,
        fields: ['id'],
        limit: 5_000,
        sort: [{ field: 'relevance', descending: true, nulls: 'last' }],
      },
    })),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        where,
        q: fc.option(text, { freq: 1 }),
        in: fc.constant(null),
        by: fc.option(grouping),
        metrics: fc.array(metric, { maxLength: 3 }),
        limit,
      })
      .map((request): Question => ({ kind: 'stats', request })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        field: anyOf(
          kinds('id', 'string', 'enum')
            .filter((field) => field.filterable)
            .map(({ path }) => path),
        ),
        prefix: fc
          .oneof(anyOf([...vocabulary, ...tags, ...statuses, 'c1', 'o000']), word)
          .chain((of) => fc.nat({ max: of.length }).map((length) => [...of].slice(0, length).join(''))),
        where,
        limit,
      })
      .map((request): Question => ({ kind: 'suggest', request })),
  },
);
