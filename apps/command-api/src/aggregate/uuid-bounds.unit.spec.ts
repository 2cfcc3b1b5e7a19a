import { describe, expect, it } from '@jest/globals';
import { greatestUuidUpTo } from './uuid-bounds.js';

const uuid = '019a3c7e-1f00-7000-8000-00000000dead';
const last = 'ffffffff-ffff-ffff-ffff-ffffffffffff';
const first = '00000000-0000-0000-0000-000000000000';

describe('the greatest UUID up to a text', () => {
  it.each<[string, string | null]>([
    [uuid, uuid],
    [first, first],
    [`${uuid}0`, uuid],
    ['019a3c7e-1f00-7000-8000-00000000dea', '019a3c7e-1f00-7000-8000-00000000de9f'],
    ['SKU-1', '9fffffff-ffff-ffff-ffff-ffffffffffff'],
    ['zebra', last],
    ['ä', last],
    ['019a3c7e_', '019a3c7e-ffff-ffff-ffff-ffffffffffff'],
    ['019a3c7e 1', '019a3c7d-ffff-ffff-ffff-ffffffffffff'],
    ['019A3c7e', '0199ffff-ffff-ffff-ffff-ffffffffffff'],
    ['', null],
    ['-1', null],
    ['0000', null],
  ])('%j is %s', (bound, expected) => {
    expect(greatestUuidUpTo(bound)).toBe(expected);
  });

  it('has no UUID between itself and the text, whatever the text is', () => {
    const texts = ['0', '1', '9', 'a', 'f', 'g', '-', ' ', 'A', '_', 'ä'];
    const uuids = [first, uuid, last, '10000000-0000-0000-0000-000000000000'];
    const bounds = uuids.flatMap((one) =>
      [0, 1, 7, 8, 9, 13, 14, 35, 36].flatMap((at) => texts.map((text) => one.slice(0, at) + text)),
    );
    const bytes = (text: string): Buffer => Buffer.from(text);
    const above = (a: string, b: string): boolean => Buffer.compare(bytes(a), bytes(b)) > 0;
    for (const bound of bounds) {
      const found = greatestUuidUpTo(bound);
      if (found !== null) expect(above(found, bound)).toBe(false);
      const next = found === null ? first : successor(found);
      if (next !== null) expect([bound, above(next, bound)]).toEqual([bound, true]);
    }
  });
});

function successor(one: string): string | null {
  if (one === last) return null;
  const number = BigInt(`0x${one.replaceAll('-', '')}`) + 1n;
  const hex = number.toString(16).padStart(32, '0');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
