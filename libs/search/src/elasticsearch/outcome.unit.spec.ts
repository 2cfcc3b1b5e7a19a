import { describe, expect, test } from '@jest/globals';
import type { WriteOutcome } from '../search-index.js';
import { itemOutcome, requestOutcome } from './outcome.js';

const short = (outcome: WriteOutcome): string =>
  'alarm' in outcome && outcome.alarm ? `${outcome.kind}, alarm` : outcome.kind;

describe('What became of an item', () => {
  test.each([
    [400, 'index_closed_exception', 'index_unavailable'],
    [404, 'index_not_found_exception', 'index_unavailable'],
    [403, 'cluster_block_exception', 'retry, alarm'],
    [429, 'cluster_block_exception', 'retry, alarm'],
    [429, 'es_rejected_execution_exception', 'retry'],
    [429, 'circuit_breaking_exception', 'retry'],
    [503, 'unavailable_shards_exception', 'retry'],
    [503, 'process_cluster_event_timeout_exception', 'retry'],
    [502, 'unknown', 'retry'],
    [504, 'anything', 'retry'],
    [400, 'document_parsing_exception', 'refused'],
    [400, 'mapper_parsing_exception', 'refused'],
    [400, 'strict_dynamic_mapping_exception', 'refused'],
    [400, 'illegal_argument_exception', 'refused'],
    [413, 'anything', 'too_large'],
    [401, 'security_exception', 'retry, alarm'],
    [403, 'security_exception', 'retry, alarm'],
    [400, 'never_seen_exception', 'retry, alarm'],
    [500, 'null_pointer_exception', 'retry, alarm'],
  ])('status %d of type %s is %s', (status, type, expected) => {
    expect(short(itemOutcome({ status, error: { type, reason: 'because' } }))).toBe(expected);
  });

  test('the stored revision is read from the words of a conflict, and unknown when they are others', () => {
    const conflict = (reason: string): WriteOutcome =>
      itemOutcome({ status: 409, error: { type: 'version_conflict_engine_exception', reason } });
    expect(
      conflict(
        '[a]: version conflict, current version [9007199254740991] is higher than the one provided [4]',
      ),
    ).toEqual({ kind: 'superseded', current: 9007199254740991 });
    expect(conflict('something else')).toEqual({ kind: 'superseded', current: null });
  });

  test('an id that looks like the words of a conflict does not pass for the stored revision', () => {
    const reason =
      '[current version [1]]: version conflict, current version [7] is higher than the one provided [4]';
    expect(
      itemOutcome({ status: 409, error: { type: 'version_conflict_engine_exception', reason } }),
    ).toEqual({ kind: 'superseded', current: 7 });
  });

  test('a delete of what is not there is done', () => {
    expect(itemOutcome({ status: 404 })).toEqual({ kind: 'done' });
  });
});

describe('What became of a request that was refused as a whole', () => {
  test.each([
    [413, 'unknown', 5, 'too_large'],
    [413, 'unknown', 1, 'too_large'],
    [429, 'es_rejected_execution_exception', 5, 'retry'],
    [503, 'master_not_discovered_exception', 5, 'retry'],
    [401, 'security_exception', 5, 'retry, alarm'],
    [400, 'action_request_validation_exception', 5, 'too_large'],
    [400, 'action_request_validation_exception', 1, 'refused'],
    [400, 'media_type_header_exception', 5, 'retry, alarm'],
    [500, 'unknown', 5, 'retry, alarm'],
    [200, 'unknown', 5, 'retry, alarm'],
  ])('status %d of type %s with %d items is %s', (status, type, items, expected) => {
    expect(short(requestOutcome(status, { type, reason: '' }, items))).toBe(expected);
  });
});
