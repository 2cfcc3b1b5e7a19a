import { describe, expect, it } from '@jest/globals';
import { Pace } from './pace.js';

describe('bulk marks', () => {
  it('give way for a second after a direct change, and to nobody else', () => {
    const pace = new Pace();
    expect(pace.givesWay(5_000)).toBe(false);
    pace.direct(5_000);
    expect([5_000, 5_999, 6_000].map((nowMs) => pace.givesWay(nowMs))).toEqual([true, true, false]);
  });
});
