import type { WriteOutcome } from '../search-index.js';
import type { ServerError } from './failure.js';

/** One item of a bulk answer, cut down to what decides. */
export interface BulkItem {
  readonly status: number;
  readonly error?: ServerError;
}

const pausing = new Set([
  'es_rejected_execution_exception',
  'circuit_breaking_exception',
  'unavailable_shards_exception',
  'no_shard_available_action_exception',
  'process_cluster_event_timeout_exception',
  'primary_missing_action_exception',
  'node_closed_exception',
  'node_not_connected_exception',
  'retry_on_primary_exception',
  'timeout_exception',
]);
const absent = new Set(['index_not_found_exception', 'index_closed_exception']);
const documentFault = new Set([
  'document_parsing_exception',
  'mapper_parsing_exception',
  'strict_dynamic_mapping_exception',
  'illegal_argument_exception',
  'parsing_exception',
  'json_parse_exception',
  'x_content_parse_exception',
]);
const temporaryStatus = new Set([429, 502, 503, 504]);

/**
 * What became of one item. The type is asked before the status, since the status misleads: a closed index is 400, a
 * write block 403, the flood stage 429.
 */
export function itemOutcome({ status, error }: BulkItem): WriteOutcome {
  // A delete of what is not there is 404 without an error, and leaves the tombstone that it should.
  if (error === undefined) return { kind: 'done' };
  const reason = `${error.type}: ${error.reason}`;
  if (error.type === 'version_conflict_engine_exception')
    return { kind: 'superseded', current: currentVersion(error.reason) };
  if (absent.has(error.type)) return { kind: 'index_unavailable', reason };
  // A block is set by an operator, or by a full disk: nothing is wrong with the document, and somebody has to know.
  if (error.type === 'cluster_block_exception') return { kind: 'retry', reason, alarm: true };
  if (pausing.has(error.type) || temporaryStatus.has(status)) return { kind: 'retry', reason, alarm: false };
  if (status === 413) return { kind: 'too_large', reason };
  if (status === 400 && documentFault.has(error.type)) return { kind: 'refused', reason };
  return { kind: 'retry', reason, alarm: true };
}

/** What became of every item of a request that was refused as a whole; `items` is how many it held. */
export function requestOutcome(status: number, error: ServerError, items: number): WriteOutcome {
  const reason = `${error.type}: ${error.reason}`;
  if (status === 413) return { kind: 'too_large', reason: reason || 'the request is too large' };
  if (absent.has(error.type)) return { kind: 'index_unavailable', reason };
  if (temporaryStatus.has(status)) return { kind: 'retry', reason, alarm: false };
  // Elasticsearch checks some things of single items (such as the length of an id) for the request as a whole, so that
  // one item spoils its neighbours: splitting finds the culprit.
  const oneItemsFault = documentFault.has(error.type) || error.type === 'action_request_validation_exception';
  if (status === 400 && oneItemsFault)
    return items === 1 ? { kind: 'refused', reason } : { kind: 'too_large', reason };
  return { kind: 'retry', reason, alarm: true };
}

/** The answer holds the stored version in words only. */
function currentVersion(reason: string): number | null {
  const found = /version conflict, current version \[(\d+)\] is [^[\]]*\[\d+\]$/.exec(reason)?.[1];
  return found === undefined ? null : Number(found);
}
