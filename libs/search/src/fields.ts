import { fieldsOf, type Plan, type QueryField } from '#views';
import { SearchRefusedError } from './errors.js';
import type { SearchSort } from './search-index.js';

export type Fields = ReadonlyMap<string, QueryField>;

const known = new WeakMap<Plan, Fields>();

export function fieldsByPath(plan: Plan): Fields {
  const fields = known.get(plan) ?? new Map(fieldsOf(plan).map((field) => [field.path, field]));
  known.set(plan, fields);
  return fields;
}

/** @throws {SearchRefusedError} when the view has no such field */
export function fieldOf(path: string, fields: Fields): QueryField {
  const field = fields.get(path);
  if (field === undefined) throw new SearchRefusedError(400, `the view has no field '${path}'`);
  return field;
}

/**
 * The fields that `q` searches; null is all that are text.
 * @throws {SearchRefusedError} when one of them is not text, or there are none
 */
export function textFields(paths: readonly string[] | null, fields: Fields): QueryField[] {
  const chosen =
    paths === null ? [...fields.values()].filter(isText) : paths.map((path) => fieldOf(path, fields));
  if (chosen.length === 0 || !chosen.every(isText))
    throw new SearchRefusedError(
      400,
      'q searches fields that are text, and the view or the choice has others or none',
    );
  return chosen;
}

export function isText(field: QueryField): boolean {
  return (field.kind === 'prose' || field.hints.text !== undefined) && !field.hints.carry;
}

/** The sort with the id at its end, so that every document has its place. */
export function tieBroken(sort: readonly SearchSort[]): readonly SearchSort[] {
  return sort.some((key) => key.field === 'id')
    ? sort
    : [...sort, { field: 'id', descending: false, nulls: 'last' }];
}

/** @throws {SearchRefusedError} when a page continues after something else than the values of this sort */
export function checkAfter(after: readonly unknown[], keys: readonly SearchSort[]): void {
  if (after.length !== keys.length)
    throw new SearchRefusedError(
      400,
      `the page continues ${after.length} sort values, and the sort has ${keys.length}`,
    );
}
