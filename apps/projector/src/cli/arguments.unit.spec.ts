import { describe, expect, it } from '@jest/globals';
import { quantity, wholeNumber } from './arguments.js';

describe('an argument that is a number', () => {
  it.each([
    ['1', 1],
    ['99999', 99_999],
  ])('is read: %s', (text, value) => {
    expect(wholeNumber(99_999)(text)).toBe(value);
  });

  it.each(['0', '-1', '1.5', '1e3', '', ' 7', '07', 'many', '100000', '99999999999999999999'])(
    'is refused with its bounds: %j',
    (text) => {
      expect(() => wholeNumber(99_999)(text)).toThrow('Give a whole number from 1 to 99999.');
    },
  );

  it('may have a fraction where it is a quantity, within its bounds', () => {
    const seconds = quantity('seconds', { least: 0.2, most: 3_600 });
    expect([seconds('0.2'), seconds('3600')]).toEqual([0.2, 3_600]);
    for (const text of ['0.1', '3601', '', ' ', 'soon', 'NaN', '-1'])
      expect(() => seconds(text)).toThrow('Give seconds from 0.2 to 3600.');
  });
});
