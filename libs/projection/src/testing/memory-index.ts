import type { ScannedDocument, SearchIndex, StoredDocument, WriteOperation, WriteOutcome } from '#search';
import { compareText } from '#views';

interface Entry {
  readonly revision: number;
  /** Null is a tombstone: a deleted document keeps its revision, so that older content can not bring it back. */
  readonly source: string | null;
}

export interface MemoryIndexOptions {
  /** Waited before each document of a request is written, so that the requests of several builders mix. */
  readonly beforeWrite?: () => Promise<void>;
}

/**
 * An index in memory that orders writes as the real one does: `external_gte`, tombstones that never expire, documents
 * kept byte for byte. For long random runs; whatever searches takes the real one.
 */
export function memoryIndex({ beforeWrite = () => Promise.resolve() }: MemoryIndexOptions = {}): SearchIndex {
  const indices = new Map<string, Map<string, Entry>>();
  const aliases = new Map<string, string>();
  const found = (name: string): Map<string, Entry> | undefined => indices.get(aliases.get(name) ?? name);
  const standing = (name: string): Map<string, Entry> => {
    const entries = found(name);
    if (entries === undefined) throw new Error(`There is no index '${name}'.`);
    return entries;
  };
  const live = (name: string): readonly StoredDocument[] =>
    [...standing(name)]
      .flatMap(([id, { revision, source }]) => (source === null ? [] : [{ id, revision, source }]))
      .sort((a, b) => compareText(a.id, b.id));
  const keyed = (name: string): readonly ScannedDocument[] =>
    live(name)
      .flatMap((document) => {
        const key = keyOf(document);
        return key === null ? [] : [{ ...document, key }];
      })
      .sort((a, b) => compareText(a.key, b.key) || compareText(a.id, b.id));

  const page: SearchIndex['scanRange'] = (name, { after, to }, from, limit) =>
    later(() => {
      const within = keyed(name).filter(
        ({ key }) =>
          (after === null || compareText(key, after) > 0) && (to === null || compareText(key, to) <= 0),
      );
      const start = from?.tie ?? 0;
      const documents = within.slice(start, start + limit);
      const last = documents.at(-1);
      const next =
        last === undefined || documents.length < limit ? null : { key: last.key, tie: start + limit };
      return { documents, next };
    });

  return {
    create: (name) => later(() => void indices.set(name, found(name) ?? new Map<string, Entry>())),
    drop: (name) => later(() => void indices.delete(name)),
    exists: (name) => later(() => indices.has(name)),
    point: (alias, name) => later(() => void (standing(name) && aliases.set(alias, name))),
    pointsAt: (alias) => later(() => aliases.get(alias) ?? null),
    write: async (operations) => {
      const outcomes: WriteOutcome[] = [];
      for (const operation of operations) {
        await beforeWrite();
        outcomes.push(writeOne(found(operation.index), operation));
      }
      return outcomes;
    },
    refresh: (name) => later(() => void standing(name)),
    count: (name) => later(() => live(name).length),
    get: (name, id) => later(() => live(name).find((document) => document.id === id) ?? null),
    getMany: (name, ids) =>
      later(() => {
        const wanted = new Set(ids);
        return new Map(live(name).flatMap((one) => (wanted.has(one.id) ? [[one.id, one] as const] : [])));
      }),
    search: () => Promise.reject(new Error('An index in memory does not search.')),
    stats: () => Promise.reject(new Error('An index in memory does not search.')),
    suggest: () => Promise.reject(new Error('An index in memory does not search.')),
    openPointInTime: () => Promise.reject(new Error('An index in memory does not search.')),
    closePointInTime: () => Promise.resolve(),
    heldBy: () => Promise.resolve(0),
    readsOf: () => Promise.resolve(0),
    scan: (name, after, limit) =>
      later(() =>
        live(name)
          .filter(({ id }) => after === null || compareText(id, after) > 0)
          .slice(0, limit),
      ),
    scanRange: page,
    scanRevisions: page,
    strays: (name, limit) =>
      later(() =>
        live(name)
          .filter((document) => keyOf(document) === null)
          .slice(0, limit),
      ),
    healthy: () => Promise.resolve(true),
    close: () => Promise.resolve(),
  };
}

function keyOf({ source }: StoredDocument): string | null {
  const { id } = JSON.parse(source) as { readonly id?: unknown };
  return typeof id === 'string' ? id : null;
}

/** What the work throws is a rejection, as with an index that is asked over a network. */
function later<T>(work: () => T): Promise<T> {
  return Promise.resolve().then(work);
}

function writeOne(entries: Map<string, Entry> | undefined, operation: WriteOperation): WriteOutcome {
  if (entries === undefined) return { kind: 'index_unavailable', reason: `no index '${operation.index}'` };
  const current = entries.get(operation.id)?.revision;
  if (current !== undefined && current > operation.revision) return { kind: 'superseded', current };
  const source = operation.kind === 'index' ? operation.body : null;
  entries.set(operation.id, { revision: operation.revision, source });
  return { kind: 'done' };
}
