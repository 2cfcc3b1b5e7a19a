import type { FacetRequest, SearchSort } from '#search';
import type { Filter } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { Amount, filterOf, type Part } from './conditions.js';
import {
  readHighlight,
  readIn,
  readLimit,
  readPage,
  readQ,
  readSelected,
  readSnapshot,
  readTotals,
  readZone,
  type Totals,
} from './controls.js';
import { readFacets } from './facets.js';
import { readFilters } from './filters.js';
import type { Calendar } from './instants.js';
import { readSort } from './order.js';
import { controlWords, readParameters, type FilterParameter } from './parameters.js';
import { readWhereText } from './where.js';

/** A list query, understood. */
export interface ListQuery {
  readonly where: Filter | null;
  readonly q: string | null;
  readonly in: readonly string[] | null;
  readonly sort: readonly SearchSort[];
  readonly fields: readonly string[] | null;
  readonly facets: readonly FacetRequest[];
  /** The fields whose matches of `q` are marked, `all` is those that `q` searches; null marks none. */
  readonly highlight: readonly string[] | 'all' | null;
  readonly totals: Totals;
  readonly limit: number;
  /** From 1; null when pages are not numbered. */
  readonly page: number | null;
  /** How long one state is held for the walk from page to page, in milliseconds; null reads what there is. */
  readonly snapshotMs: number | null;
}

export type Parsed<T = ListQuery> = { readonly query: T } | { readonly faults: readonly QueryFault[] };

/** The control words of a list in the form that query strings and JSON have in common. */
export interface Controls {
  readonly q?: string;
  readonly in?: readonly string[];
  readonly sort?: readonly string[];
  readonly fields?: readonly string[];
  readonly facets?: readonly string[];
  readonly highlight?: readonly string[];
  readonly totals?: string;
  readonly limit?: string;
  readonly page?: string;
  readonly snapshot?: string;
}

/** The words of an export, which answers every match as it is: it has no pages, and nothing beside the documents. */
export const exportWords = ['q', 'in', 'sort', 'fields', 'tz', 'where'] as const;

/**
 * Reads the query string of a list by the grammar of the query API. `cursor` is for the caller to read.
 * @param now what relative instants count from, in epoch milliseconds: that of the first page
 * @param words the control words that mean something here
 * @returns the query, or all of its faults
 */
export function parseQuery(
  text: string,
  view: ServedView,
  now: number,
  words: readonly (typeof controlWords)[number][] = controlWords,
): Parsed {
  const faults: QueryFault[] = [];
  const { controls, filters } = readParameters(text, words, faults);
  const one = (
    word: 'q' | 'totals' | 'limit' | 'page' | 'snapshot',
  ): Partial<Record<typeof word, string>> => {
    const value = controls.get(word);
    return value === undefined ? {} : { [word]: value };
  };
  const several = (
    word: 'in' | 'sort' | 'fields' | 'facets' | 'highlight',
  ): Partial<Record<typeof word, readonly string[]>> => {
    const value = controls.get(word);
    return value === undefined ? {} : { [word]: value.split(',') };
  };
  const asked: Controls = {
    ...one('q'),
    ...one('totals'),
    ...one('limit'),
    ...one('page'),
    ...one('snapshot'),
    ...several('in'),
    ...several('sort'),
    ...several('fields'),
    ...several('facets'),
    ...several('highlight'),
  };
  const calendar = { now, zone: readZone(controls.get('tz'), faults) };
  const parts = readParts(filters, controls.get('where'), view, calendar, faults);
  return assembled(asked, parts, view, calendar, faults);
}

/** The conditions of a query string and of its `where`, side by side as if they were written in one. */
export function readParts(
  filters: readonly FilterParameter[],
  where: string | undefined,
  view: ServedView,
  calendar: Calendar,
  faults: QueryFault[],
): Part[] {
  const amount = new Amount();
  const parts = [
    ...readFilters(filters, view, calendar, amount, faults),
    ...readWhereText(where, { view, calendar, amount, faults }),
  ];
  faults.push(...amount.faults());
  return parts;
}

/** The query that control words and conditions make, or all of its faults, with those that were found before. */
export function assembled(
  asked: Controls,
  parts: readonly Part[],
  view: ServedView,
  calendar: Calendar,
  faults: QueryFault[],
): Parsed {
  const q = readQ(asked.q, view, faults);
  const searched = readIn(asked.in, q !== null, view, faults);
  const highlight = readHighlight(asked.highlight, q !== null, view, faults);
  const sort = readSort(asked.sort, view, q !== null, faults);
  const fields = readSelected(asked.fields, view, faults);
  const facets = readFacets(asked.facets, view, parts, calendar, faults);
  const totals = readTotals(asked.totals, faults);
  const limit = readLimit(asked.limit, faults);
  const page = readPage(asked.page, limit, faults);
  const snapshotMs = readSnapshot(asked.snapshot, page, faults);
  if (faults.length > 0) return { faults };
  const where = filterOf(parts);
  return {
    query: { where, q, in: searched, sort, fields, facets, highlight, totals, limit, page, snapshotMs },
  };
}
