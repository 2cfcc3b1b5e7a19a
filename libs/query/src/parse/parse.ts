import type { Filter } from '#views';
import type { SearchSort } from '#search';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { readFilters } from './filters.js';
import { readSort } from './order.js';
import { readParameters, type ControlWord } from './parameters.js';
import { nearest } from './suggest.js';
import { isZone } from './zones.js';

/** A list query, understood. */
export interface ListQuery {
  readonly where: Filter | null;
  readonly q: string | null;
  readonly in: readonly string[] | null;
  readonly sort: readonly SearchSort[];
  readonly fields: readonly string[] | null;
  readonly limit: number;
  /** From 1; null when pages are not numbered. */
  readonly page: number | null;
}

export type Parsed = { readonly query: ListQuery } | { readonly faults: readonly QueryFault[] };

export const largestLimit = 100;
export const defaultLimit = 20;
/** A numbered page makes the server collect all hits before it; past this, the cursor is there. */
export const deepestHit = 1_000;
/** The query travels in its cursors, and HTTP servers and proxies end a request line at 8 KiB and less. */
const longestQuery = 4_000;
const longestText = 256;
const mostWords = 32;
const mostSelected = 100;

/** The words of the grammar that this server does not know yet. */
const later: readonly ControlWord[] = ['facets', 'highlight', 'totals', 'where', 'snapshot'];

/**
 * Reads a query string by the grammar of the query API.
 * @param now what relative instants count from, in epoch milliseconds: that of the first page
 * @returns the query, or all of its faults
 */
export function parseQuery(text: string, view: ServedView, now: number): Parsed {
  if (text.length > longestQuery)
    return {
      faults: [
        {
          parameter: '',
          code: 'value_too_long',
          detail: `A query string has at most ${longestQuery} characters.`,
        },
      ],
    };
  const { controls, filters, faults: found } = readParameters(text);
  const faults = [...found];
  for (const word of later)
    if (controls.has(word))
      faults.push({
        parameter: word,
        code: 'unsupported_parameter',
        detail: `'${word}' is not supported yet.`,
      });
  for (const [word, value] of controls)
    if (value === '')
      faults.push({ parameter: word, code: 'value_empty', detail: `'${word}' has no value.` });

  const given = (word: ControlWord): string | undefined => controls.get(word) || undefined;
  const zone = readZone(given('tz'), faults);
  const where = readFilters(filters, view, { now, zone }, faults);
  const q = readText(given('q'), view, faults);
  const searched = readSearched(given('in'), q !== null, view, faults);
  const sort = readSort(given('sort'), view, q !== null, faults);
  const fields = readSelected(given('fields'), view, faults);
  const limit = readWhole('limit', given('limit'), 0, largestLimit, faults) ?? defaultLimit;
  const page = readPage(given('page'), limit, faults);
  return faults.length > 0 ? { faults } : { query: { where, q, in: searched, sort, fields, limit, page } };
}

function readZone(text: string | undefined, faults: QueryFault[]): string {
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

function readText(text: string | undefined, view: ServedView, faults: QueryFault[]): string | null {
  if (text === undefined) return null;
  const fault = (code: QueryFault['code'], detail: string): void =>
    void faults.push({ parameter: 'q', code, detail });
  if (view.textFields.length === 0) fault('field_not_searchable', `'${view.name}' has no text to search.`);
  if (text.length > longestText) fault('value_too_long', `q has at most ${longestText} characters.`);
  else if (text.trim() === '') fault('value_empty', 'q has no words.');
  else if (text.trim().split(/\s+/).length > mostWords)
    fault('too_many_values', `q has at most ${mostWords} words.`);
  return text;
}

function readSearched(
  text: string | undefined,
  hasText: boolean,
  view: ServedView,
  faults: QueryFault[],
): string[] | null {
  if (text === undefined) return null;
  if (!hasText)
    faults.push({
      parameter: 'in',
      code: 'parameter_conflict',
      detail: 'in says where q searches, and there is no q.',
    });
  return readPaths('in', text, new Set(view.textFields), 'field_not_searchable', view, faults);
}

function readSelected(text: string | undefined, view: ServedView, faults: QueryFault[]): string[] | null {
  if (text === undefined) return null;
  return readPaths('fields', text, view.selectable, 'field_unknown', view, faults);
}

function readPaths(
  parameter: 'in' | 'fields',
  text: string,
  allowed: ReadonlySet<string>,
  code: QueryFault['code'],
  view: ServedView,
  faults: QueryFault[],
): string[] {
  const paths = text.split(',');
  if (paths.length > mostSelected) {
    faults.push({
      parameter,
      code: 'too_many_values',
      detail: `${parameter} names at most ${mostSelected} fields.`,
    });
    return [];
  }
  for (const path of paths.filter((one) => !allowed.has(one))) {
    const didYouMean = nearest(path, allowed);
    const known = view.selectable.has(path);
    faults.push({
      parameter,
      code: known ? code : 'field_unknown',
      detail: known
        ? `'${path}' is not text that q searches.`
        : `'${view.name}' has no field '${path.slice(0, 100)}'.`,
      allowed: [...allowed],
      ...(didYouMean === undefined ? {} : { didYouMean }),
    });
  }
  return [...new Set(paths)];
}

function readWhole(
  parameter: 'limit' | 'page',
  text: string | undefined,
  min: number,
  max: number,
  faults: QueryFault[],
): number | null {
  if (text === undefined) return null;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  const range = `${parameter} takes a whole number from ${min} to ${max}`;
  faults.push({
    parameter,
    code: `${parameter}_invalid`,
    detail: `${range}, and is "${text.slice(0, 60)}".`,
    allowed: [`${min} to ${max}`],
  });
  return null;
}

function readPage(text: string | undefined, limit: number, faults: QueryFault[]): number | null {
  const page = readWhole('page', text, 1, 999_999_999, faults);
  if (page !== null && page * limit > deepestHit)
    faults.push({
      parameter: 'page',
      code: 'page_too_deep',
      detail: `page × limit may be ${deepestHit} at most, and is ${page * limit}. Go on with the cursor that every page has as 'next'.`,
    });
  return page;
}
