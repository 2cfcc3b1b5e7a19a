import { PrejoinError, type ErrorDetails } from '#kernel';

/** The search server did not answer, or said that it can not serve now: try again later. */
export class SearchUnavailableError extends PrejoinError {
  constructor(detail: string, details: ErrorDetails = {}) {
    super('search_unavailable', `The search server can not serve this now: ${detail}`, {
      remedy:
        'See whether Elasticsearch runs, is reachable at ELASTICSEARCH_URL and has its shards assigned.',
      ...details,
    });
  }
}

/** The deadline passed before the search server answered. */
export class SearchTimeoutError extends PrejoinError {
  constructor(deadlineMs: number, details: ErrorDetails = {}) {
    super('search_timeout', `The search server did not answer within ${deadlineMs} ms.`, {
      remedy:
        'Ask for less at once (a narrower filter, a smaller limit), or try again when the server is less busy.',
      ...details,
    });
  }
}

/** The caller went away, so that the work was stopped. */
export class SearchCancelledError extends PrejoinError {
  constructor(details: ErrorDetails = {}) {
    super('search_cancelled', 'The search was cancelled by its caller.', details);
  }
}

/** There is no index or alias of that name, or it is closed. */
export class IndexMissingError extends PrejoinError {
  constructor(
    readonly index: string,
    details: ErrorDetails = {},
  ) {
    super('index_missing', `There is no open index or alias '${index}'.`, {
      remedy:
        'The projector creates it at its start: see that it runs against the same server with the same INDEX_PREFIX.',
      ...details,
    });
  }
}

/** The state that was held for a walk is gone: nobody asked for it in time, or the server was restarted. */
export class PointInTimeGoneError extends PrejoinError {
  constructor(details: ErrorDetails = {}) {
    super('snapshot_expired', 'The snapshot that this cursor continues has expired.', {
      remedy:
        'Begin again without a cursor, and ask for each page before the time of the snapshot has passed.',
      ...details,
    });
  }
}

/** An index or alias of that name exists already and is something else. */
export class IndexConflictError extends PrejoinError {
  constructor(detail: string, details: ErrorDetails = {}) {
    super('index_conflict', detail, {
      remedy: 'Choose another INDEX_PREFIX, or remove what stands under that name if nobody uses it.',
      ...details,
    });
  }
}

/** The search server refused what the adapter sent; a fault of Prejoin or of the server's configuration, not of a user. */
export class SearchRefusedError extends PrejoinError {
  constructor(
    readonly status: number,
    detail: string,
    details: ErrorDetails = {},
  ) {
    super('search_refused', `The search server refused a request with status ${status}: ${detail}`, details);
  }
}
