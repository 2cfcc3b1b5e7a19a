import { messageOf, PrejoinError, type Logger } from '#kernel';
import type { SearchIndex } from '../search-index.js';
import { writeBulk } from './bulk.js';
import { breaking, type Circuit } from './circuit.js';
import { connect } from './connection.js';
import {
  getDocument,
  getDocuments,
  scanDocuments,
  scanKeys,
  scanRevisions,
  scanStrays,
} from './documents.js';
import {
  aliasTarget,
  answers,
  countDocuments,
  createIndex,
  dropIndex,
  indexExists,
  pointAlias,
  refreshIndex,
  type Server,
} from './indices.js';
import { closePointInTime, countHolders, countReads, openPointInTime } from './point-in-time.js';
import { searchDocuments } from './search.js';
import { sharingReads } from './shared-reads.js';
import { statsOf } from './stats.js';
import { suggestValues } from './suggest.js';

export interface ElasticsearchOptions {
  /** URL, with user and password where the server asks for them. */
  readonly node: string;
  readonly logger: Logger;
  /** For everything that has no deadline of its own. */
  readonly requestTimeoutMs?: number;
  /**
   * For those who only read: equal reads in flight are one call, and while the server does not answer every call fails at
   * once. Absent, every call is made, since a write that waits for the server is better than one that comes back.
   */
  readonly reading?: ReadingObserver;
}

/** Told of what becomes of calls, for metrics. */
export interface ReadingObserver {
  readonly onShared: () => void;
  readonly onCircuit: (circuit: Circuit) => void;
}

/** Elasticsearch 8.19 and later as a `SearchIndex`. Connects lazily: a server that is away is no fault here, but of each call. */
export function elasticsearchIndex({
  node,
  logger,
  requestTimeoutMs = 30_000,
  reading,
}: ElasticsearchOptions): SearchIndex {
  const direct = connect(node, requestTimeoutMs);
  const connection =
    reading === undefined ? direct : sharingReads(breaking(direct, { logger, ...reading }), reading);
  const server: Server = { connection, logger, requestTimeoutMs };
  let closed = false;
  return {
    create: (index, plan) => createIndex(server, index, plan),
    drop: (index) => dropIndex(server, index),
    exists: (index) => indexExists(server, index),
    point: (alias, index) => pointAlias(server, alias, index),
    pointsAt: (alias) => aliasTarget(server, alias),
    write: async (operations, deadlineMs) => {
      if (closed)
        throw new PrejoinError('search_closed', 'The search index was closed; nothing can be written by it.');
      return writeBulk(server.connection, operations, deadlineMs, logger);
    },
    refresh: (index) => refreshIndex(server, index),
    count: (index) => countDocuments(server, index),
    get: (index, id, options) => getDocument(server, index, id, options),
    search: (index, plan, request, options) => searchDocuments(server, index, plan, request, options),
    stats: (index, plan, request, options) => statsOf(server, index, plan, request, options),
    suggest: (index, plan, request, options) => suggestValues(server, index, plan, request, options),
    getMany: (index, ids, options) => getDocuments(server, index, ids, options),
    openPointInTime: (index, keepMs) => openPointInTime(server, index, keepMs),
    closePointInTime: (id) => closePointInTime(server, id),
    heldBy: (index) => countHolders(server, index),
    readsOf: (index) => countReads(server, index),
    scan: (index, after, limit) => scanDocuments(server, index, after, limit),
    scanRange: (index, range, from, limit) => scanKeys(server, index, range, from, limit),
    scanRevisions: (index, range, from, limit) => scanRevisions(server, index, range, from, limit),
    strays: (index, limit) => scanStrays(server, index, limit),
    healthy: async () => {
      try {
        return await answers(server);
      } catch (error) {
        logger.debug({ reason: messageOf(error) }, 'The search server does not answer.');
        return false;
      }
    },
    close: () => {
      closed = true;
      return server.connection.close();
    },
  };
}
