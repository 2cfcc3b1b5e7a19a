/** One place in which two documents differ. What is not there is undefined, which is not null. */
export interface DocumentDifference {
  /** `customer.name`, `lines[2].quantity`; '' is the whole document. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * Where two JSON values differ, in the order of the first one's fields. Empty when they are equal: the order of an
 * object's members does not matter, the order of a list does, and a field that is null is not one that is absent.
 * `null` for a document says that there is none. Pure.
 */
export function diffDocuments(before: unknown, after: unknown): readonly DocumentDifference[] {
  const found: DocumentDifference[] = [];
  compare(before, after, '', found);
  return found;
}

function compare(before: unknown, after: unknown, path: string, found: DocumentDifference[]): void {
  if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++)
      compare(before[i], after[i], `${path}[${i}]`, found);
  } else if (isRecord(before) && isRecord(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      compare(member(before, name), member(after, name), pathOf(path, name), found);
  } else if (!(before === after || Object.is(before, after))) {
    found.push({ path, before, after });
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A state may hold a member of any name, `constructor` as well, which every object has a value for. */
function member(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function pathOf(path: string, name: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
