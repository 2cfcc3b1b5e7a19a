import type { QueryField } from '#views';

/** A value as it is compared: an instant is its milliseconds, a day its text. */
export type Comparable = string | number | boolean;

/** A value of a document, or an operand, as it is compared; null when it is none of the field's kind. */
export function comparable(value: unknown, { kind }: Pick<QueryField, 'kind'>): Comparable | null {
  if (kind === 'instant') {
    // Instants are told apart by the millisecond, whatever else they say.
    const ms = typeof value === 'string' ? Date.parse(value) : NaN;
    return Number.isNaN(ms) ? null : ms;
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** A compared value as answers have it. */
export function shown(value: Comparable, { kind }: Pick<QueryField, 'kind'>): Comparable {
  return kind === 'instant' ? new Date(Number(value)).toISOString() : value;
}

/** Visits whatever is there and not null on the way of names from a place in it, through all lists. */
export function eachLeaf(
  value: unknown,
  names: readonly string[],
  at: number,
  visit: (leaf: unknown) => void,
): void {
  if (value === null || value === undefined) return;
  if (Array.isArray(value)) {
    for (const one of value) eachLeaf(one, names, at, visit);
    return;
  }
  const name = names[at];
  if (name === undefined) visit(value);
  else eachLeaf(memberOf(value, name), names, at + 1, visit);
}

export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
