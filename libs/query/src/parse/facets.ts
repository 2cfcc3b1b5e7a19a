import type { DateInterval, FacetOf, FacetRequest, Grouping, ValueRange } from '#search';
import { compareValues, type Filter, type QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { filterOf, whyNot, type Part } from './conditions.js';
import { nearestOf, quoted, reportOn, shortened, type Report } from './faults.js';
import { instantForms, readMoment, type Calendar } from './instants.js';
import { limits } from './limits.js';
import { invalid, readValue, type Read } from './values.js';

const intervals = [
  'hour',
  'day',
  'week',
  'month',
  'quarter',
  'year',
] as const satisfies readonly DateInterval[];
const rangeKinds: ReadonlySet<string> = new Set(['int', 'decimal', 'money', 'instant', 'day']);

/**
 * Reads facets: `status`, `customer.tier:50`, `placedAt:month`, `total:..1000|1000..5000|5000..` (from ≤ x < to). Each
 * counts under all conditions but those on its own field that stand at the top of the query.
 */
export function readFacets(
  items: readonly string[] | undefined,
  view: ServedView,
  parts: readonly Part[],
  calendar: Calendar,
  faults: QueryFault[],
): FacetRequest[] {
  if (items === undefined) return [];
  const report = reportOn('facets', faults);
  if (items.length > limits.facets) {
    report({ code: 'too_many_facets', detail: `A query has at most ${limits.facets} facets.` });
    return [];
  }
  const facets = items.flatMap((item): FacetRequest[] => {
    const [path, spec] = splitSpec(item);
    const field = countedField(path, view, report);
    const facet = field && facetOf(field, spec, parts, calendar, report);
    if (!field || !facet) return [];
    const others = parts.filter((part) => part.field !== field.path);
    return [{ name: field.path, facet, where: filterOf(others) }];
  });
  const repeated = facets.find(({ name }, at) => facets.findIndex((other) => other.name === name) < at);
  if (repeated !== undefined)
    report({ code: 'parameter_repeated', detail: `facets names '${repeated.name}' twice.` });
  const buckets = facets.reduce((sum, { facet }) => sum + sizeOf(facet), 0);
  if (buckets > limits.bucketsInAll)
    report({
      code: 'too_many_buckets',
      detail: `The facets of a query have at most ${limits.bucketsInAll} groups in all, and these ${buckets}.`,
    });
  return facets;
}

/** What `_stats` groups by: `status`, `customer.tier:50`, `placedAt:month`. */
export function readGrouping(
  item: string,
  view: ServedView,
  calendar: Calendar,
  faults: QueryFault[],
): { readonly by: Grouping; readonly limit: number } | null {
  const report = reportOn('by', faults);
  const [path, spec] = splitSpec(item);
  const field = countedField(path, view, report);
  const facet = field && facetOf(field, spec, [], calendar, report);
  if (!facet) return null;
  if (facet.kind !== 'ranges') {
    const { limit } = facet;
    const by: Grouping =
      facet.kind === 'values'
        ? { kind: 'values', field: facet.field }
        : { kind: 'dates', field: facet.field, interval: facet.interval, zone: facet.zone };
    return { by, limit };
  }
  report({
    code: 'facet_invalid',
    detail: `by takes a field, or a date and its interval, and no ranges: ${quoted(item)}.`,
  });
  return null;
}

function splitSpec(item: string): [path: string, spec: string | null] {
  const colon = item.indexOf(':');
  return colon === -1 ? [item, null] : [item.slice(0, colon), item.slice(colon + 1)];
}

function countedField(path: string, view: ServedView, report: Report): QueryField | null {
  const isCounted = (one: QueryField): boolean => one.filterable && one.kind !== 'geo';
  const field = view.fields.get(path);
  if (field !== undefined && isCounted(field)) return field;
  const allowed = [...view.fields.values()].filter(isCounted).map((one) => one.path);
  if (field !== undefined)
    report({
      code: 'field_not_facetable',
      detail: `'${path}' can not be counted by: ${whyNot(field)}.`,
      allowed,
    });
  else
    report({
      code: 'field_unknown',
      detail: `'${view.name}' has no field '${shortened(path)}'.`,
      allowed,
      ...nearestOf(path, allowed),
    });
  return null;
}

function facetOf(
  field: QueryField,
  spec: string | null,
  parts: readonly Part[],
  calendar: Calendar,
  report: Report,
): FacetOf | null {
  if (spec === null || /^\d+$/.test(spec)) {
    const limit = spec === null ? limits.bucketsDefault : Number(spec);
    if (limit >= 1 && limit <= limits.buckets)
      return { kind: 'values', field: field.path, limit, selected: selectedOf(field, parts) };
    report({
      code: 'too_many_buckets',
      detail: `A facet has from 1 to ${limits.buckets} groups, and '${field.path}' asks for ${quoted(spec)}.`,
    });
    return null;
  }
  if (spec.includes('..')) return rangesOf(field, spec, calendar, report);
  const interval = intervals.find((one) => one === spec);
  if (interval !== undefined && (field.kind === 'instant' || field.kind === 'day'))
    return { kind: 'dates', field: field.path, interval, zone: calendar.zone, limit: limits.intervals };
  report({
    code: 'facet_invalid',
    detail:
      interval === undefined
        ? `'${field.path}:${shortened(spec, 60)}': a facet is followed by a number of groups, an interval or ranges.`
        : `'${field.path}' is ${field.kind} and has no intervals.`,
    allowed: [':50', ...intervals.map((one) => `:${one}`), ':..1000|1000..5000|5000..'],
    ...nearestOf(spec, intervals),
  });
  return null;
}

/** The values of the query's own conditions on the field, which a facet lists in any case. */
function selectedOf(field: QueryField, parts: readonly Part[]): (string | number | boolean)[] {
  const own = parts.filter((part) => part.field === field.path).map((part) => part.filter);
  return [...new Set(own.flatMap(equalValues))].slice(0, limits.buckets);
}

function equalValues(filter: Filter): readonly (string | number | boolean)[] {
  return filter.kind === 'condition' && (filter.op === 'eq' || filter.op === 'all') ? filter.values : [];
}

function rangesOf(field: QueryField, spec: string, calendar: Calendar, report: Report): FacetOf | null {
  const texts = spec.split('|');
  if (!rangeKinds.has(field.kind))
    report({ code: 'facet_invalid', detail: `'${field.path}' is ${field.kind} and has no ranges.` });
  else if (texts.length > limits.ranges)
    report({ code: 'too_many_buckets', detail: `A facet has at most ${limits.ranges} ranges.` });
  else {
    const read = texts.map((text) => rangeOf(text, field, calendar));
    const ranges = read.flatMap((one) => ('value' in one ? [one.value] : []));
    if (ranges.length === texts.length) return { kind: 'ranges', field: field.path, ranges };
    for (const one of read)
      if ('fault' in one) report({ ...one.fault, detail: `'${field.path}' ${one.fault.detail}.` });
  }
  return null;
}

function rangeOf(text: string, field: QueryField, calendar: Calendar): Read<ValueRange> {
  const [, lower = '', upper = ''] = /^(.*?)\.\.(.*)$/s.exec(text) ?? [];
  if (lower === '' && upper === '')
    return invalidRange(`takes ranges such as 1000..5000, ..1000 or 5000.., and has ${quoted(text)}`);
  const from = endOf(lower, field, calendar);
  if ('fault' in from) return from;
  const to = endOf(upper, field, calendar);
  if ('fault' in to) return to;
  if (from.value !== null && to.value !== null && compareValues(from.value, to.value, undefined) >= 0)
    return invalidRange(`has the range ${quoted(text)}, which ends where it begins or before`);
  return { value: { from: from.value, to: to.value } };
}

function invalidRange(detail: string): Read<ValueRange> {
  return { fault: { code: 'facet_invalid', detail } };
}

/** A whole day or month stands for its beginning: what ends before it and what begins with it meet there. */
function endOf(text: string, field: QueryField, calendar: Calendar): Read<string | number | null> {
  if (text === '') return { value: null };
  if (field.kind === 'instant') {
    const moment = readMoment(text, calendar);
    if (moment === null) return invalid(`takes instants such as ${instantForms}, and has ${quoted(text)}`);
    return { value: new Date(moment.start).toISOString() };
  }
  const read = readValue(text, field, 'text');
  if ('fault' in read) return read;
  return typeof read.value === 'boolean' ? invalid('has no ranges') : { value: read.value };
}

function sizeOf(facet: FacetOf): number {
  if (facet.kind === 'ranges') return facet.ranges.length;
  return facet.limit;
}
