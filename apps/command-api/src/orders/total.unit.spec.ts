import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { orderLimits, totalOf } from './total.js';

const line = fc.record({
  quantity: fc.integer({ min: 1, max: orderLimits.quantity }),
  unitPrice: fc.integer({ min: 0, max: orderLimits.unitPrice }),
});

describe('totalOf', () => {
  it('is the sum of quantity times unit price', () => {
    expect(
      totalOf([
        { quantity: 2, unitPrice: 1995 },
        { quantity: 1, unitPrice: 450 },
      ]),
    ).toBe(4440);
    expect(totalOf([])).toBe(0);
  });

  it('is exact for every order within the limits', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: orderLimits.lines }), (lines) => {
        const exact = lines.reduce((sum, l) => sum + BigInt(l.quantity) * BigInt(l.unitPrice), 0n);
        expect(BigInt(totalOf(lines))).toBe(exact);
      }),
    );
    const { lines, quantity, unitPrice } = orderLimits;
    expect(Number.isSafeInteger(lines * quantity * unitPrice)).toBe(true);
  });
});
