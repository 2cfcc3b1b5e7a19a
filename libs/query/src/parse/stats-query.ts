import type { Grouping, Metric, StatsRequest } from '#search';
import type { QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { filterOf } from './conditions.js';
import { readIn, readQ, readZone } from './controls.js';
import { readGrouping } from './facets.js';
import { nearestOf, reportOn, shortened } from './faults.js';
import { limits } from './limits.js';
import { readParameters } from './parameters.js';
import { readParts, type Parsed } from './parse.js';

const ops = ['sum', 'avg', 'min', 'max'] as const satisfies readonly Metric['op'][];

export const statsWords = [...ops, 'by', 'q', 'in', 'where', 'tz'] as const;

const numbers: readonly string[] = ['int', 'decimal', 'money'];
const ordered: readonly string[] = [...numbers, 'instant', 'day'];

/**
 * Reads the query string of `_stats`: `sum=total&by=placedAt:month`, and filters as in lists.
 * @param now what relative instants count from, in epoch milliseconds
 * @returns the query, or all of its faults
 */
export function parseStats(text: string, view: ServedView, now: number): Parsed<StatsRequest> {
  const faults: QueryFault[] = [];
  const { controls, filters } = readParameters(text, statsWords, faults);
  const calendar = { now, zone: readZone(controls.get('tz'), faults) };
  const parts = readParts(filters, controls.get('where'), view, calendar, faults);
  const q = readQ(controls.get('q'), view, faults);
  const searched = readIn(controls.get('in')?.split(','), q !== null, view, faults);
  const given = controls.get('by');
  const grouped: { by: Grouping | null; limit: number } | null =
    given === undefined ? { by: null, limit: 1 } : readGrouping(given, view, calendar, faults);
  const metrics = ops.flatMap((op) => readMetrics(op, controls.get(op), view, faults));
  if (metrics.length > limits.metrics)
    faults.push({
      parameter: '',
      code: 'too_many_values',
      detail: `Figures are of at most ${limits.metrics} fields, and these of ${metrics.length}.`,
    });
  if (faults.length > 0 || grouped === null) return { faults };
  return { query: { where: filterOf(parts), q, in: searched, ...grouped, metrics } };
}

function readMetrics(
  op: Metric['op'],
  text: string | undefined,
  view: ServedView,
  faults: QueryFault[],
): Metric[] {
  if (text === undefined) return [];
  const report = reportOn(op, faults);
  const kinds = op === 'sum' || op === 'avg' ? numbers : ordered;
  const isMeasured = (field: QueryField): boolean => field.filterable && kinds.includes(field.kind);
  const allowed = [...view.fields.values()].filter(isMeasured).map(({ path }) => path);
  return [...new Set(text.split(','))].flatMap((path): Metric[] => {
    const field = view.fields.get(path);
    if (field !== undefined && isMeasured(field)) return [{ op, field: path }];
    if (field === undefined)
      report({
        code: 'field_unknown',
        detail: `'${view.name}' has no field '${shortened(path)}'.`,
        allowed,
        ...nearestOf(path, allowed),
      });
    else report({ code: 'field_not_aggregatable', detail: `'${path}' has no ${op}.`, allowed });
    return [];
  });
}
