import { compareText, type Plan } from '#views';
import { fieldsByPath } from '../fields.js';
import { longestIdBytes } from '../limits.js';
import type {
  KeyRange,
  ScannedDocument,
  ScanPage,
  ScanPosition,
  WriteOperation,
  WriteOutcome,
} from '../search-index.js';
import { createTable, type MemoryDocument, type Rows } from './table.js';
import { documentFault } from './validate.js';

/** A document, or what is left of a deleted one: its revision, so that older content can not bring it back. */
type Entry = MemoryDocument | { readonly revision: number; readonly source: null };

/** Rows of what was replaced or deleted that a table may hold beside as many as it has documents. */
const mostPast = 1_000;

/** The documents of one index. */
export interface Store {
  readonly plan: Plan;
  write(operation: WriteOperation): WriteOutcome;
  get(id: string): MemoryDocument | null;
  /** All documents as they are now: what is written later is not among them. */
  rows(): Rows;
  all(): readonly MemoryDocument[];
}

export function createStore(plan: Plan): Store {
  // In the order of rows: what is written again goes to the end.
  const entries = new Map<string, Entry>();
  let table = createTable(fieldsByPath(plan));
  let [documents, sequence] = [0, 0];
  let current: Rows | null = null;
  const all = (): readonly MemoryDocument[] => [...entries.values()].filter((entry) => entry.source !== null);
  const replace = (id: string, entry: Entry): void => {
    const before = entries.get(id);
    documents += (entry.source === null ? 0 : 1) - (before === undefined || before.source === null ? 0 : 1);
    entries.delete(id);
    entries.set(id, entry);
    current = null;
  };
  const addAllAgain = (): void => {
    const kept = all();
    table = createTable(fieldsByPath(plan));
    for (const document of kept) replace(document.id, table.add(document, parsed(document.source)));
  };
  return {
    plan,
    write: (operation) => {
      const fault = writeFault(operation);
      if (fault !== null) return { kind: 'refused', reason: fault };
      const { id, revision } = operation;
      const before = entries.get(id);
      if (before !== undefined && before.revision > revision)
        return { kind: 'superseded', current: before.revision };
      if (operation.kind === 'delete') replace(id, { revision, source: null });
      else {
        const content = parsed(operation.body);
        const unfit = content === undefined ? 'the body is no JSON' : documentFault(plan, content);
        if (unfit !== null) return { kind: 'refused', reason: unfit };
        replace(id, table.add({ id, revision, sequence: (sequence += 1), source: operation.body }, content));
      }
      if (table.documents.length > 2 * documents + mostPast) addAllAgain();
      return { kind: 'done' };
    },
    get: (id) => {
      const entry = entries.get(id);
      return entry === undefined || entry.source === null ? null : entry;
    },
    rows: () => (current ??= { table, rows: all().map(({ row }) => row) }),
    all,
  };
}

function writeFault(operation: WriteOperation): string | null {
  const bytes = Buffer.byteLength(operation.id);
  if (bytes === 0 || bytes > longestIdBytes)
    return `the id has ${bytes} bytes; 1 to ${longestIdBytes} are allowed`;
  if (!Number.isSafeInteger(operation.revision) || operation.revision < 0)
    return `the revision ${operation.revision} is not a whole number from 0 to 2^53 - 1`;
  return operation.kind === 'index' && operation.body.includes('\n') ? 'the body has a line break' : null;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** One page of the documents of a range of keys, in the order of keys and, of equal keys, of writing. */
/** One page of the documents of a range of keys, in the order of keys and, of equal keys, of writing. */
export function pageOf(
  documents: readonly MemoryDocument[],
  { after, to }: KeyRange,
  from: ScanPosition | null,
  limit: number,
): ScanPage {
  const follows = (key: string, sequence: number): boolean => {
    if (from === null) return true;
    const order = compareText(key, from.key);
    return order > 0 || (order === 0 && sequence > from.tie);
  };
  const found = documents
    .flatMap((document) => {
      const { key } = document;
      const isIn =
        key !== null &&
        (after === null || compareText(key, after) > 0) &&
        (to === null || compareText(key, to) <= 0) &&
        follows(key, document.sequence);
      return isIn ? [{ key, document }] : [];
    })
    .sort((a, b) => compareText(a.key, b.key) || a.document.sequence - b.document.sequence)
    .slice(0, limit);
  const last = found.at(-1);
  return {
    documents: found.map(({ key, document: { id, revision, source } }): ScannedDocument => ({
      id,
      revision,
      source,
      key,
    })),
    next: last === undefined || found.length < limit ? null : { key: last.key, tie: last.document.sequence },
  };
}
