import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareText } from '#views';
import { cutPlaces, rangesBetween } from './root-ranges.js';

// Every code point but surrogates; fast-check's own strings of them (`binary`) take a second to set up.
const character = fc
  .nat({ max: 0x10ffff - 0x800 })
  .map((n) => String.fromCodePoint(n < 0xd800 ? n : n + 0x800));

describe('key ranges', () => {
  it('hold every key in exactly one of them, the cuts themselves included', () => {
    const key = fc.string({ unit: character, minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.uniqueArray(key, { maxLength: 5 }), fc.array(key, { maxLength: 20 }), (cuts, keys) => {
        const ranges = rangesBetween([...cuts].sort(compareText));
        const beside = cuts.flatMap((cut) => [cut, `${cut}\0`, `${cut}!`]);
        for (const one of [...keys, ...beside]) {
          const holding = ranges.filter(
            ({ after, to }) =>
              (after === null || compareText(one, after) > 0) && (to === null || compareText(one, to) <= 0),
          );
          expect(holding).toHaveLength(1);
        }
      }),
    );
  });

  it('are of about equal size, no more than told, and one where there is little', () => {
    expect(cutPlaces(0, 100, 8)).toEqual([]);
    expect(cutPlaces(100, 100, 8)).toEqual([]);
    expect(cutPlaces(400, 100, 8)).toEqual([100, 200, 300]);
    expect(cutPlaces(1_000_000, 100, 4)).toEqual([250_000, 500_000, 750_000]);
    expect(cutPlaces(2, 1, 8)).toEqual([1]);
  });
});
