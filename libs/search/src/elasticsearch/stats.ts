import type { Plan, QueryField } from '#views';
import type { Metric, StatsAnswer, StatsGroup, StatsRequest } from '../aggregates.js';
import { fieldOf, fieldsByPath, type Fields } from '../fields.js';
import type { SearchOptions } from '../search-index.js';
import { compileFilter, type Query } from './filter.js';
import {
  dateOr,
  datesOf,
  documentsIn,
  intervalsOf,
  keyOf,
  termsOf,
  type Bucket,
  type Buckets,
} from './groups.js';
import type { Server } from './indices.js';
import { aggregationsOf, askSearch, compileQuery } from './request.js';
import { totalOf } from './total.js';

export async function statsOf(
  server: Server,
  index: string,
  plan: Plan,
  request: StatsRequest,
  options: SearchOptions,
): Promise<StatsAnswer> {
  const fields = fieldsByPath(plan);
  const body = compileStats(request, fields);
  const answer = await askSearch(server, index, body, options);
  const aggregations = aggregationsOf(answer);
  const { by } = request;
  if (by === null) {
    const bucket = { key: '', doc_count: totalOf(answer).total, ...aggregations };
    return { groups: [groupOf(null, [bucket], request.metrics, fields)], other: 0 };
  }
  return readGroups(aggregations['by'] as Buckets, by, request, fields);
}

function compileStats(request: StatsRequest, fields: Fields): Query {
  const { by, metrics } = request;
  const figures = figuresOf(metrics, fields);
  return {
    size: 0,
    track_total_hits: by === null,
    query: compileQuery(request, compileFilter(request.where, fields), fields),
    aggs:
      by === null
        ? figures
        : {
            by: {
              ...(by.kind === 'values'
                ? termsOf(fieldOf(by.field, fields), request.limit)
                : datesOf(by, fieldOf(by.field, fields))),
              aggs: figures,
            },
          },
  };
}

/** All four figures of a field at once: an average is put together from the parts of an interval. */
interface Figures {
  readonly count: number;
  readonly sum: number;
  readonly min: number | null;
  readonly max: number | null;
}

function figuresOf(metrics: readonly Metric[], fields: Fields): Query {
  return Object.fromEntries(
    metrics.map(({ field }, at) => [`m${at}`, { stats: { field: fieldOf(field, fields).path } }]),
  );
}

function readGroups(
  buckets: Buckets,
  by: NonNullable<StatsRequest['by']>,
  { metrics, limit }: StatsRequest,
  fields: Fields,
): StatsAnswer {
  if (by.kind === 'dates') {
    const { intervals, other } = intervalsOf(buckets, by, limit);
    return {
      groups: intervals.map(({ label, buckets: parts }) => groupOf(label, parts, metrics, fields)),
      other,
    };
  }
  const field = fieldOf(by.field, fields);
  return {
    groups: buckets.buckets
      .slice(0, limit)
      .map((bucket) => groupOf(keyOf(bucket, field), [bucket], metrics, fields)),
    other: (buckets.sum_other_doc_count ?? 0) + documentsIn(buckets.buckets.slice(limit)),
  };
}

function groupOf(
  key: StatsGroup['key'],
  buckets: readonly Bucket[],
  metrics: readonly Metric[],
  fields: Fields,
): StatsGroup {
  return {
    key,
    count: documentsIn(buckets),
    metrics: metrics.map((metric, at) => {
      const parts = buckets.map((bucket) => bucket[`m${at}`] as Figures).filter(({ count }) => count > 0);
      return figureOf(metric, parts, fieldOf(metric.field, fields));
    }),
  };
}

function figureOf({ op }: Metric, parts: readonly Figures[], field: QueryField): number | string | null {
  const sum = parts.reduce((total, part) => total + part.sum, 0);
  if (op === 'sum') return sum;
  if (parts.length === 0) return null;
  if (op === 'avg') return sum / parts.reduce((total, { count }) => total + count, 0);
  const ends = parts.map((part) => part[op] ?? NaN);
  return dateOr(op === 'min' ? Math.min(...ends) : Math.max(...ends), field);
}
