import { describe, expect, it } from '@jest/globals';
import { DirectTraffic } from './direct-traffic.js';

describe('bulk marks', () => {
  it('give way for a second after a direct change, and to nobody else', () => {
    const traffic = new DirectTraffic();
    expect(traffic.isRecent(5_000)).toBe(false);
    traffic.note(5_000);
    expect([5_000, 5_999, 6_000].map((nowMs) => traffic.isRecent(nowMs))).toEqual([true, true, false]);
  });
});
