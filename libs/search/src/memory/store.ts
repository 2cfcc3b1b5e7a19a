import { compareText, type Plan } from '#views';
import { longestIdBytes } from '../limits.js';
import type {
  KeyRange,
  ScannedDocument,
  ScanPage,
  ScanPosition,
  WriteOperation,
  WriteOutcome,
} from '../search-index.js';
import { memberOf, type MemoryDocument } from './document.js';
import { documentFault } from './validate.js';

/** A document, or what is left of a deleted one: its revision, so that older content can not bring it back. */
type Entry = MemoryDocument | { readonly revision: number; readonly source: null };

/** The documents of one index. */
export interface Store {
  readonly plan: Plan;
  write(operation: WriteOperation): WriteOutcome;
  get(id: string): MemoryDocument | null;
  /** All documents as they are now: what is written later is not in this array. */
  all(): readonly MemoryDocument[];
}

export function createStore(plan: Plan): Store {
  const entries = new Map<string, Entry>();
  let sequence = 0;
  let current: readonly MemoryDocument[] | null = null;
  return {
    plan,
    write: (operation) => {
      const fault = writeFault(operation);
      if (fault !== null) return { kind: 'refused', reason: fault };
      const before = entries.get(operation.id);
      if (before !== undefined && before.revision > operation.revision)
        return { kind: 'superseded', current: before.revision };
      const read = operation.kind === 'index' ? documentOf(operation, plan, (sequence += 1)) : null;
      if (typeof read === 'string') return { kind: 'refused', reason: read };
      entries.set(operation.id, read ?? { revision: operation.revision, source: null });
      current = null;
      return { kind: 'done' };
    },
    get: (id) => {
      const entry = entries.get(id);
      return entry === undefined || entry.source === null ? null : entry;
    },
    all: () => (current ??= [...entries.values()].filter((entry) => entry.source !== null)),
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

/** The document that is to be written, or why it can not be. */
function documentOf(
  { id, revision, body }: Extract<WriteOperation, { kind: 'index' }>,
  plan: Plan,
  sequence: number,
): MemoryDocument | string {
  const content = parsed(body);
  if (content === undefined) return 'the body is no JSON';
  const fault = documentFault(plan, content);
  return fault ?? { id, revision, sequence, source: body, content, depth: 0, read: [] };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Where the `id` field of a document puts it; null for a stray. */
export function keyOf({ content }: MemoryDocument): string | null {
  const key = memberOf(content, 'id');
  return typeof key === 'string' ? key : null;
}

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
      const key = keyOf(document);
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
