import { messageOf, PrejoinError, type Logger } from '#kernel';
import type { SearchIndex } from '../search-index.js';
import { writeBulk } from './bulk.js';
import { connect } from './connection.js';
import { getDocument, scanDocuments } from './documents.js';
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
import { searchDocuments } from './search.js';

export interface ElasticsearchOptions {
  /** URL, with user and password where the server asks for them. */
  readonly node: string;
  readonly logger: Logger;
  /** For everything that has no deadline of its own. */
  readonly requestTimeoutMs?: number;
}

/** Elasticsearch 8.19 and later as a `SearchIndex`. Connects lazily: a server that is away is no fault here, but of each call. */
export function elasticsearchIndex({
  node,
  logger,
  requestTimeoutMs = 30_000,
}: ElasticsearchOptions): SearchIndex {
  const server: Server = { connection: connect(node, requestTimeoutMs), logger, requestTimeoutMs };
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
    scan: (index, after, limit) => scanDocuments(server, index, after, limit),
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
