import { describe, expect, it } from '@jest/globals';
import { idsBy, isUuid, newId } from './ids.js';

describe('newId', () => {
  it('makes UUIDs of version 7 that are all different, and in order also within a millisecond', () => {
    const ids = Array.from({ length: 10_000 }, newId);
    expect(ids.every(isUuid)).toBe(true);
    expect(ids[0]).toMatch(/^.{14}7.{4}[89ab]/);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...ids].sort()).toEqual(ids);
  });

  it('stays in order when the clock goes back', () => {
    let now = 1_000_000;
    const next = idsBy({ now: () => new Date((now -= 1_000)) });
    const ids = Array.from({ length: 1_000 }, next);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
