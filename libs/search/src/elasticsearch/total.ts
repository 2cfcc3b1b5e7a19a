import { memberSpans, slice, type Span } from './raw-json.js';

/** How many documents an answer says that there are, and whether it counted them all. */
export function totalOf(
  text: string,
  root: ReadonlyMap<string, Span>,
): { readonly total: number; readonly exact: boolean } {
  const outer = root.get('hits');
  const total = outer === undefined ? undefined : memberSpans(text, outer.start).get('total');
  if (total === undefined) return { total: 0, exact: false };
  const { value, relation } = JSON.parse(slice(text, total)) as { value: number; relation: string };
  return { total: value, exact: relation === 'eq' };
}
