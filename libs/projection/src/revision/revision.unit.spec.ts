import { describe, expect, it } from '@jest/globals';
import { composeRevision, epochOf, RevisionRangeError } from './revision.js';

describe('a revision', () => {
  it('puts every revision of an epoch above all of the epoch before', () => {
    expect(composeRevision(2, 0)).toBeGreaterThan(composeRevision(1, 2 ** 42 - 1));
  });

  it('tells the epoch that it was composed with', () => {
    expect(epochOf(composeRevision(7, 123_456_789))).toBe(7);
    expect(epochOf(composeRevision(2047, 2 ** 42 - 1))).toBe(2047);
  });

  it('is a safe integer up to its last one, and refused beyond', () => {
    expect(Number.isSafeInteger(composeRevision(2047, 2 ** 42 - 1))).toBe(true);
    expect(() => composeRevision(2048, 0)).toThrow(RevisionRangeError);
    expect(() => composeRevision(1, 2 ** 42)).toThrow(RevisionRangeError);
  });
});
