import { isZone } from '#kernel';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { nearestOf, quoted, reportOn, shortened } from './faults.js';
import { limits } from './limits.js';

export function readZone(text: string | undefined, faults: QueryFault[]): string {
  // The plus of an offset arrives as a space when it was not encoded.
  const zone = text?.replace(/^ /, '+') ?? 'UTC';
  if (zone.length <= 64 && isZone(zone)) return zone;
  faults.push({
    parameter: 'tz',
    code: 'value_invalid',
    detail: 'tz takes an IANA zone such as Europe/Amsterdam, or an offset such as +02:00.',
  });
  return 'UTC';
}

export function readQ(text: string | undefined, view: ServedView, faults: QueryFault[]): string | null {
  if (text === undefined) return null;
  const report = reportOn('q', faults);
  if (view.textFields.length === 0)
    report({ code: 'field_not_searchable', detail: `'${view.name}' has no text to search.` });
  if (text.length > limits.text)
    report({ code: 'value_too_long', detail: `q has at most ${limits.text} characters.` });
  else if (text.trim() === '') report({ code: 'value_empty', detail: 'q has no words.' });
  else if (!text.isWellFormed()) report({ code: 'value_invalid', detail: 'q has half of a surrogate pair.' });
  else if (text.trim().split(/\s+/).length > limits.words)
    report({ code: 'too_many_values', detail: `q has at most ${limits.words} words.` });
  return text;
}

export function readIn(
  paths: readonly string[] | undefined,
  hasText: boolean,
  view: ServedView,
  faults: QueryFault[],
): readonly string[] | null {
  if (paths === undefined) return null;
  if (!hasText) faults.push(needsText('in', 'says where q searches'));
  return readPaths('in', paths, new Set(view.textFields), view, faults);
}

/** The fields to mark; null is none. `['true']` is those that `q` searches. */
export function readHighlight(
  paths: readonly string[] | undefined,
  hasText: boolean,
  view: ServedView,
  faults: QueryFault[],
): readonly string[] | 'all' | null {
  const [first] = paths ?? [];
  if (paths === undefined || (paths.length === 1 && first === 'false')) return null;
  if (!hasText) faults.push(needsText('highlight', 'marks what q found'));
  if (paths.length === 1 && first === 'true') return 'all';
  return readPaths('highlight', paths, new Set(view.textFields), view, faults);
}

function needsText(parameter: string, does: string): QueryFault {
  return { parameter, code: 'parameter_conflict', detail: `${parameter} ${does}, and there is no q.` };
}

const totals = ['exact', 'estimate', 'none'] as const;
export type Totals = (typeof totals)[number];

export function readTotals(text: string | undefined, faults: QueryFault[]): Totals {
  const found = totals.find((one) => one === (text ?? 'estimate'));
  if (found !== undefined) return found;
  faults.push({
    parameter: 'totals',
    code: 'value_invalid',
    detail: `totals takes one of ${totals.join(', ')}, and is ${quoted(text)}.`,
    allowed: totals,
    ...nearestOf(text ?? '', totals),
  });
  return 'estimate';
}

export function readSelected(
  paths: readonly string[] | undefined,
  view: ServedView,
  faults: QueryFault[],
): readonly string[] | null {
  return paths === undefined ? null : readPaths('fields', paths, view.selectable, view, faults);
}

function readPaths(
  parameter: 'in' | 'fields' | 'highlight',
  paths: readonly string[],
  allowed: ReadonlySet<string>,
  view: ServedView,
  faults: QueryFault[],
): string[] {
  const report = reportOn(parameter, faults);
  if (paths.length > limits.paths) {
    report({ code: 'too_many_values', detail: `${parameter} names at most ${limits.paths} fields.` });
    return [];
  }
  for (const path of paths.filter((one) => !allowed.has(one))) {
    const known = view.selectable.has(path);
    report({
      code: known ? 'field_not_searchable' : 'field_unknown',
      detail: known
        ? `'${path}' is not text that q searches.`
        : `'${view.name}' has no field '${shortened(path)}'.`,
      allowed: [...allowed],
      ...nearestOf(path, allowed),
    });
  }
  return [...new Set(paths)];
}

export function readLimit(text: string | undefined, faults: QueryFault[]): number {
  return readWhole('limit', text, 0, limits.page, faults) ?? limits.pageDefault;
}

/** A whole number of `min` to `max`; null when it was not given, or is a fault. */
export function readWhole(
  parameter: 'limit' | 'page',
  text: string | undefined,
  min: number,
  max: number,
  faults: QueryFault[],
): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  faults.push({
    parameter,
    code: `${parameter}_invalid`,
    detail: `${parameter} takes a whole number from ${min} to ${max}, and is "${shortened(text, 60)}".`,
    allowed: [`${min} to ${max}`],
  });
  return null;
}

export function readPage(text: string | undefined, limit: number, faults: QueryFault[]): number | null {
  const page = readWhole('page', text, 1, 999_999_999, faults);
  if (page !== null && page * limit > limits.deepestHit)
    faults.push({
      parameter: 'page',
      code: 'page_too_deep',
      detail: `page × limit may be ${limits.deepestHit} at most, and is ${page * limit}. Go on with the cursor that every page has as 'next'.`,
    });
  return page;
}

const unitMs: Readonly<Record<string, number>> = { s: 1_000, m: 60_000 };

export function readSnapshot(
  text: string | undefined,
  page: number | null,
  faults: QueryFault[],
): number | null {
  if (text === undefined) return null;
  const report = reportOn('snapshot', faults);
  const [, count, unit] = /^([1-9]\d{0,3})(s|m)$/.exec(text) ?? [];
  const ms = Number(count) * (unitMs[unit ?? ''] ?? NaN);
  if (page !== null)
    report({
      code: 'parameter_conflict',
      detail: 'A snapshot is walked with the cursor, not by numbered pages.',
    });
  else if (ms <= limits.snapshotMs) return ms;
  else
    report({
      code: 'snapshot_invalid',
      detail: `snapshot takes how long each page may take to be asked for, from 1s to 10m, and is "${shortened(text, 60)}".`,
    });
  return null;
}
