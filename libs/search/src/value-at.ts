import { skipValue, slice, walkMembers } from './elasticsearch/raw-json.js';

/**
 * The value at a path of a document, read from its JSON text; undefined where there is none. Nothing else of the document
 * is parsed. A path does not enter lists.
 */
export function valueAt(source: string, path: readonly string[]): unknown {
  let at = 0;
  for (const name of path) {
    const found = memberAt(source, at, name);
    if (found === null) return undefined;
    at = found;
  }
  return JSON.parse(slice(source, { start: at, end: skipValue(source, at) })) as unknown;
}

/** Where the value of a member begins; null when what is at the position has none of that name. */
function memberAt(source: string, start: number, wanted: string): number | null {
  if (source[start] !== '{') return null;
  let found: number | null = null;
  walkMembers(source, start, (name, at) => {
    if (name === wanted) found = at;
    return skipValue(source, at);
  });
  return found;
}
