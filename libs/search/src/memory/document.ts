import type { QueryField } from '#views';
import { longestKeyword, longestSortKey } from '../limits.js';
import { fold, wordsOf, type Word } from './words.js';

/** A value as it is compared: an instant is its milliseconds, a day its text. */
export type Comparable = string | number | boolean;

/** What holds fields: a document, or an element of a list. What was read from it once is kept. */
export interface Holder {
  readonly content: unknown;
  /** The names on the way to it from the document. */
  readonly depth: number;
  readonly read: unknown[];
}

export interface MemoryDocument extends Holder {
  readonly id: string;
  readonly revision: number;
  /** Counts the writes of an index: what was written later has a greater one. */
  readonly sequence: number;
  readonly source: string;
}

/** Reads something of a holder: made once for a question, and then asked of every document. */
export type Read<T> = (holder: Holder) => T;

/** The values that a filter compares. Texts that are too long to be found by value are not among them. */
export function valuesOf(field: QueryField): Read<readonly Comparable[]> {
  const leaves = leavesOf(field);
  return kept(`values ${field.path}`, (holder) =>
    leaves(holder).flatMap((value) => {
      const one = comparable(value, field);
      return one === null || (typeof one === 'string' && one.length > longestKeyword) ? [] : [one];
    }),
  );
}

/** The values that a sort compares: texts without regard to case. */
export function sortKeysOf(field: QueryField): Read<readonly Comparable[]> {
  const values = valuesOf(field);
  if (field.kind !== 'string' && field.kind !== 'enum') return values;
  return kept(`sort ${field.path}`, (holder) =>
    values(holder).flatMap((value) =>
      typeof value === 'string' && value.length <= longestSortKey ? [fold(value)] : [],
    ),
  );
}

/** The words of each text of a field. */
export function textsOf(field: QueryField): Read<readonly (readonly Word[])[]> {
  const leaves = leavesOf(field);
  return kept(`words ${field.path}`, (holder) => leaves(holder).map((value) => wordsOf(String(value))));
}

/** Whatever is there and not null, as the document has it. */
export function leavesOf({ path }: QueryField): Read<readonly unknown[]> {
  const names = path.split('.');
  return kept(`leaves ${path}`, (holder) => leavesAt(holder.content, names.slice(holder.depth)));
}

/** The elements of a list of a document. */
export function elementsOf(list: string): Read<readonly Holder[]> {
  const names = list.split('.');
  return kept(`elements ${list}`, (holder) =>
    leavesAt(holder.content, names.slice(holder.depth)).map((content) => ({
      content,
      depth: names.length,
      read: [],
    })),
  );
}

/** Where a holder keeps what is read under a name: a place in an array is found sooner than a name, 100 000 times. */
const places = new Map<string, number>();

function kept<T>(name: string, read: Read<T>): Read<T> {
  const place = places.get(name) ?? places.size;
  places.set(name, place);
  return (holder) => {
    const before = holder.read[place];
    // Written here only, under a name that says what it is.
    if (before !== undefined) return before as T;
    const value = read(holder);
    holder.read[place] = value;
    return value;
  };
}

function leavesAt(value: unknown, names: readonly string[]): unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.flatMap((one) => leavesAt(one, names));
  const [name, ...others] = names;
  if (name === undefined) return [value];
  return leavesAt(memberOf(value, name), others);
}

export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

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
