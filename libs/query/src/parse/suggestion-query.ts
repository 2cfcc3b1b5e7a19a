import type { SuggestRequest } from '#search';
import type { QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { filterOf } from './conditions.js';
import { readWhole, readZone } from './controls.js';
import { nearestOf, reportOn, shortened } from './faults.js';
import { limits } from './limits.js';
import { readParameters } from './parameters.js';
import { readParts, type Parsed } from './parse.js';

export const suggestWords = ['field', 'prefix', 'limit', 'where', 'tz'] as const;

/**
 * Reads the query string of `_suggest`: `field=customer.name&prefix=an`, and filters as in lists. Without `prefix` every
 * value is meant.
 * @param now what relative instants count from, in epoch milliseconds
 * @returns the query, or all of its faults
 */
export function parseSuggest(text: string, view: ServedView, now: number): Parsed<SuggestRequest> {
  const faults: QueryFault[] = [];
  const { controls, filters } = readParameters(text, suggestWords, faults);
  const calendar = { now, zone: readZone(controls.get('tz'), faults) };
  const parts = readParts(filters, controls.get('where'), view, calendar, faults);
  const field = readField(controls.get('field'), view, faults);
  const prefix = controls.get('prefix') ?? '';
  if (prefix.length > limits.prefix)
    faults.push({
      parameter: 'prefix',
      code: 'value_too_long',
      detail: `prefix has at most ${limits.prefix} characters.`,
    });
  const limit =
    readWhole('limit', controls.get('limit'), 1, limits.suggestions, faults) ?? limits.suggestionsDefault;
  if (faults.length > 0 || field === null) return { faults };
  return { query: { field, prefix, where: filterOf(parts), limit } };
}

export function suggestableFields(view: ServedView): readonly QueryField[] {
  return [...view.fields.values()].filter(
    (field) => field.filterable && ['string', 'enum', 'id'].includes(field.kind),
  );
}

function readField(path: string | undefined, view: ServedView, faults: QueryFault[]): string | null {
  const report = reportOn('field', faults);
  const allowed = suggestableFields(view).map((one) => one.path);
  if (path !== undefined && allowed.includes(path)) return path;
  if (path === undefined) {
    // An empty one is a fault already.
    if (!faults.some(({ parameter }) => parameter === 'field'))
      report({ code: 'parameter_missing', detail: 'field says whose values are meant.', allowed });
  } else if (!view.fields.has(path))
    report({
      code: 'field_unknown',
      detail: `'${view.name}' has no field '${shortened(path)}'.`,
      allowed,
      ...nearestOf(path, allowed),
    });
  else
    report({ code: 'field_not_suggestable', detail: `'${path}' is no text whose values are few.`, allowed });
  return null;
}
