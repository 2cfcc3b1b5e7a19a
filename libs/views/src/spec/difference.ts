import { diffDocuments } from '../diff/document-diff.js';

/**
 * How two JSON values differ, a line for each place: `customer.name: expected "Ann", is "Anna"`. Empty when they are
 * equal.
 */
export function differences(expected: unknown, actual: unknown): readonly string[] {
  return diffDocuments(expected, actual).map(
    ({ path, before, after }) =>
      `${path === '' ? 'it' : path}: expected ${shown(before)}, is ${shown(after)}`,
  );
}

function shown(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
