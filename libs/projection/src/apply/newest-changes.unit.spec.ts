import { describe, expect, it } from '@jest/globals';
import { newestChanges } from './newest-changes.js';
import type { Change } from './change.js';

const at = (id: string, epoch: number, version: number, data = '{}'): Change => ({
  source: 's',
  id,
  epoch,
  version,
  deleted: false,
  occurredAt: '2026-01-01T00:00:00.000Z',
  eventId: 'e',
  traceparent: null,
  data,
});

describe('reducing a batch to one change for each aggregate', () => {
  it('keeps the highest epoch and version, and counts every other change once', () => {
    const batch = [
      at('a', 0, 5),
      at('b', 0, 1),
      at('a', 1, 1),
      at('a', 0, 9),
      at('a', 1, 1),
      at('a', 1, 1, '{"x":1}'),
    ];
    expect(newestChanges(batch)).toEqual({
      newest: [at('a', 1, 1), at('b', 0, 1)],
      superseded: 2,
      duplicate: 1,
      conflicting: [at('a', 1, 1, '{"x":1}')],
    });
  });
});
