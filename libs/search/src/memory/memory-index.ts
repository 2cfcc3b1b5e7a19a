import { PrejoinError, systemClock, type Clock } from '#kernel';
import type { Plan } from '#views';
import {
  IndexConflictError,
  IndexMissingError,
  PointInTimeGoneError,
  SearchCancelledError,
} from '../errors.js';
import type { PointInTime, SearchIndex, StoredDocument, WriteOutcome } from '../search-index.js';
import { searchIn, statsIn, suggestIn } from './search.js';
import { createStore, pageOf, type Store } from './store.js';
import type { Rows } from './table.js';

/** One state of one index; `rows` never change. */
interface HeldState {
  readonly index: string;
  readonly rows: Rows;
  expiresAt: number;
}

interface State {
  readonly stores: Map<string, Store>;
  readonly aliases: Map<string, string>;
  readonly held: Map<string, HeldState>;
  readonly clock: Clock;
  /** How often each index was searched or asked for a document. */
  readonly reads: Map<string, number>;
  opened: number;
  closed: boolean;
}

/**
 * A `SearchIndex` in memory, in arrays and loops: what it answers is what the port means. It keeps nothing beyond the
 * process; what is written is visible to search at once. Every write goes with its whole document, so that a scan of
 * all roots fills it. What is asked of an index is understood by the plan that it was created with.
 */
export function memoryIndex({ clock = systemClock }: { readonly clock?: Clock } = {}): SearchIndex {
  const state: State = {
    stores: new Map(),
    aliases: new Map(),
    held: new Map(),
    reads: new Map(),
    clock,
    opened: 0,
    closed: false,
  };
  return {
    ...indicesOf(state),
    ...documentsOf(state),
    ...searchesOf(state),
    healthy: () => Promise.resolve(!state.closed),
    close: () => later(() => void (state.closed = true)),
  };
}

function indicesOf(
  state: State,
): Pick<SearchIndex, 'create' | 'drop' | 'exists' | 'point' | 'pointsAt' | 'refresh' | 'count'> {
  const { stores, aliases, held } = state;
  return {
    create: (index, plan) => later(() => create(state, index, plan)),
    drop: (index) =>
      later(() => {
        stores.delete(index);
        state.reads.delete(index);
        for (const [alias, target] of aliases) if (target === index) aliases.delete(alias);
        for (const [id, one] of held) if (one.index === index) held.delete(id);
      }),
    exists: (index) => later(() => stores.has(index)),
    point: (alias, index) =>
      later(() => {
        if (stores.has(alias))
          throw new IndexConflictError(`'${alias}' is an index, and can not be an alias too.`);
        if (!stores.has(index)) throw new IndexMissingError(index);
        aliases.set(alias, index);
      }),
    pointsAt: (alias) => later(() => aliases.get(alias) ?? null),
    refresh: (index) => later(() => void storeOf(state, index)),
    count: (index) => later(() => storeOf(state, index).all().length),
  };
}

function noteRead({ reads, aliases }: State, index: string): void {
  const name = aliases.get(index) ?? index;
  reads.set(name, (reads.get(name) ?? 0) + 1);
}

function create({ stores, aliases }: State, index: string, plan: Plan): void {
  if (aliases.has(index))
    throw new IndexConflictError(`'${index}' is an alias, and can not be an index too.`);
  const before = stores.get(index)?.plan.fingerprint ?? plan.fingerprint;
  if (before !== plan.fingerprint)
    throw new IndexConflictError(`The index '${index}' exists, and is of the plan ${before}.`);
  if (!stores.has(index)) stores.set(index, createStore(plan));
}

function documentsOf(
  state: State,
): Pick<SearchIndex, 'write' | 'get' | 'getMany' | 'scan' | 'scanRange' | 'scanRevisions' | 'strays'> {
  return {
    write: (operations) =>
      later(() => {
        if (state.closed)
          throw new PrejoinError(
            'search_closed',
            'The search index was closed; nothing can be written by it.',
          );
        return operations.map((operation): WriteOutcome => {
          const store = foundStore(state, operation.index);
          if (store === undefined)
            return { kind: 'index_unavailable', reason: `there is no index '${operation.index}'` };
          return store.write(operation);
        });
      }),
    get: (index, id, { signal }) =>
      later(() => {
        noteRead(state, index);
        const document = storeOf(state, index).get(id);
        return document === null ? null : stored(document);
      }, signal),
    getMany: (index, ids, { signal }) =>
      later(() => {
        const store = storeOf(state, index);
        const found = ids.flatMap((id) => store.get(id) ?? []).map(stored);
        return new Map(found.map((document) => [document.id, document]));
      }, signal),
    scan: (index, after, limit) =>
      later(() =>
        pageOf(storeOf(state, index).all(), { after, to: null }, null, limit).documents.map(stored),
      ),
    scanRange: (index, range, from, limit) =>
      later(() => pageOf(storeOf(state, index).all(), range, from, limit)),
    scanRevisions: (index, range, from, limit) =>
      later(() => pageOf(storeOf(state, index).all(), range, from, limit)),
    strays: (index, limit) =>
      later(() =>
        storeOf(state, index)
          .all()
          .filter(({ key }) => key === null)
          .slice(0, limit)
          .map(stored),
      ),
  };
}

function searchesOf(
  state: State,
): Pick<
  SearchIndex,
  'search' | 'stats' | 'suggest' | 'openPointInTime' | 'closePointInTime' | 'heldBy' | 'readsOf'
> {
  const { held, clock } = state;
  return {
    search: (index, _plan, request, { signal }) =>
      later(() => {
        const { pointInTime } = request;
        noteRead(state, index);
        const rows = pointInTime === undefined ? storeOf(state, index).rows() : heldRows(state, pointInTime);
        return searchIn(rows, request);
      }, signal),
    stats: (index, _plan, request, { signal }) =>
      later(() => statsIn(storeOf(state, index).rows(), request), signal),
    suggest: (index, _plan, request, { signal }) =>
      later(() => suggestIn(storeOf(state, index).rows(), request), signal),
    openPointInTime: (index, keepMs) =>
      later(() => {
        const id = `state-${(state.opened += 1)}`;
        const rows = storeOf(state, index).rows();
        const name = state.aliases.get(index) ?? index;
        held.set(id, { index: name, rows, expiresAt: clock.now().getTime() + keepMs });
        return id;
      }),
    closePointInTime: (id) => later(() => void held.delete(id)),
    readsOf: (index) => later(() => state.reads.get(state.aliases.get(index) ?? index) ?? 0),
    heldBy: (index) =>
      later(() => {
        letExpire(state);
        return [...held.values()].filter((one) => one.index === (state.aliases.get(index) ?? index)).length;
      }),
  };
}

function heldRows(state: State, { id, keepMs }: PointInTime): Rows {
  letExpire(state);
  const one = state.held.get(id);
  if (one === undefined) throw new PointInTimeGoneError();
  one.expiresAt = state.clock.now().getTime() + keepMs;
  return one.rows;
}

function letExpire({ held, clock }: State): void {
  const now = clock.now().getTime();
  for (const [id, { expiresAt }] of held) if (expiresAt < now) held.delete(id);
}

function foundStore({ stores, aliases }: State, name: string): Store | undefined {
  return stores.get(aliases.get(name) ?? name);
}

function storeOf(state: State, name: string): Store {
  const store = foundStore(state, name);
  if (store === undefined) throw new IndexMissingError(name);
  return store;
}

function stored({ id, revision, source }: StoredDocument): StoredDocument {
  return { id, revision, source };
}

/** What the work throws is a rejection; a caller that goes away at once is noticed before the work begins. */
async function later<T>(work: () => T, signal?: AbortSignal): Promise<T> {
  await Promise.resolve();
  if (signal?.aborted) throw new SearchCancelledError();
  return work();
}
