import { describe, expect, it } from '@jest/globals';
import { BatchSize } from './batch-size.js';

const open = (): BatchSize => new BatchSize({ max: 1_000, min: 10, maxBytes: 100_000, targetMs: 1_000 });

describe('the size of a batch', () => {
  it('is what the servers take while entries are light', () => {
    const size = open();
    size.weigh('a', 10, 1_000);
    expect(size.current).toBe(250);
    size.note({ limit: 250, used: 250, tookMs: 10, pushedBack: true });
    expect(size.current).toBe(125);
  });

  it('begins where it is told to', () => {
    const size = new BatchSize({ max: 4_000, min: 50, start: 250, maxBytes: 100_000, targetMs: 1_000 });
    expect(size.current).toBe(250);
  });

  it('holds no more bytes than it may, by the kind with the heaviest entries', () => {
    const size = open();
    size.weigh('a', 10, 1_000);
    size.weigh('b', 2, 2_000);
    expect(size.current).toBe(100);
  });

  it('follows heavier entries at once and lighter ones slowly', () => {
    const size = open();
    size.weigh('a', 1, 1_000);
    size.weigh('a', 1, 10_000);
    expect(size.current).toBe(10);
    size.weigh('a', 1, 1_000);
    expect(size.current).toBe(12);
  });

  it('is one entry at least, however heavy it is', () => {
    const size = open();
    size.weigh('a', 1, 10_000_000);
    expect(size.current).toBe(1);
  });

  it('learns nothing from an empty batch', () => {
    const size = open();
    size.weigh('a', 0, 0);
    expect(size.current).toBe(250);
  });
});
