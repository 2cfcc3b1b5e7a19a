import type { SearchSort } from '#search';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { nearestOf, shortened } from './faults.js';
import { limits } from './limits.js';

const tieBreak: SearchSort = { field: 'id', descending: false, nulls: 'last' };
const byRelevance: SearchSort = { field: 'relevance', descending: true, nulls: 'last' };

/**
 * The order of a list: what was asked, else relevance when there is a `q`, else the view's own, else the newest id first.
 * Always ends with the id, so that every document has its place and pages can continue after it.
 */
export function readSort(
  parts: readonly string[] | undefined,
  view: ServedView,
  hasText: boolean,
  faults: QueryFault[],
): SearchSort[] {
  const keys = parts === undefined ? defaultKeys(view, hasText) : askedKeys(parts, view, hasText, faults);
  return keys.some((key) => key.field === 'id') ? keys : [...keys, tieBreak];
}

function defaultKeys(view: ServedView, hasText: boolean): SearchSort[] {
  if (hasText) return [byRelevance];
  if (view.defaultSort.length > 0) return [...view.defaultSort];
  return [{ ...tieBreak, descending: true }];
}

function askedKeys(
  parts: readonly string[],
  view: ServedView,
  hasText: boolean,
  faults: QueryFault[],
): SearchSort[] {
  if (parts.length > limits.sortKeys)
    faults.push({
      parameter: 'sort',
      code: 'too_many_values',
      detail: `sort takes at most ${limits.sortKeys} fields.`,
    });
  const keys = parts.slice(0, limits.sortKeys).flatMap((part) => readKey(part, view, hasText, faults));
  const repeated = keys.find((key, at) => keys.findIndex((other) => other.field === key.field) < at);
  if (repeated !== undefined)
    faults.push({
      parameter: 'sort',
      code: 'parameter_repeated',
      detail: `sort names '${repeated.field}' twice.`,
    });
  // What follows the id never decides: no two documents have the same.
  const id = keys.findIndex((key) => key.field === 'id');
  return id === -1 ? keys : keys.slice(0, id + 1);
}

function readKey(part: string, view: ServedView, hasText: boolean, faults: QueryFault[]): SearchSort[] {
  const [, minus, field = '', nulls] = /^(-?)([^:]*)(?::(.*))?$/s.exec(part) ?? [];
  const descending = minus === '-';
  const fault = (rest: Omit<QueryFault, 'parameter'>): SearchSort[] => {
    faults.push({ parameter: 'sort', ...rest });
    return [];
  };
  if (field === '') return fault({ code: 'value_empty', detail: 'sort has an empty field.' });
  if (nulls !== undefined && nulls !== 'nullsFirst' && nulls !== 'nullsLast')
    return fault({
      code: 'value_invalid',
      detail: `'${shortened(part)}': only nullsFirst or nullsLast may follow the colon.`,
      allowed: ['nullsFirst', 'nullsLast'],
    });
  if (field === 'relevance' && !view.fields.has('relevance')) {
    if (!hasText)
      return fault({
        code: 'field_not_sortable',
        detail: 'relevance orders the answers of q, and there is none.',
      });
    if (descending)
      return fault({
        code: 'value_invalid',
        detail: 'relevance has the best first as it is: leave out the minus.',
      });
    return [byRelevance];
  }
  const known = view.fields.get(field);
  if (known?.sortable) return [{ field, descending, nulls: nulls === 'nullsFirst' ? 'first' : 'last' }];
  const allowed = [...view.fields.values()].filter((one) => one.sortable).map((one) => one.path);
  return fault({
    code: known === undefined ? 'field_unknown' : 'field_not_sortable',
    detail:
      known === undefined ? `'${view.name}' has no field '${shortened(field)}'.` : `'${field}' has no order.`,
    allowed,
    ...(known === undefined ? nearestOf(field, allowed) : {}),
  });
}
