import { describe, expect, it } from '@jest/globals';
import { expectedVersion } from './preconditions.js';

describe('expectedVersion', () => {
  it.each([
    [undefined, 'any'],
    ['*', 'any'],
    ['"3"', [3]],
    ['"3", "5"', [3, 5]],
    ['W/"3"', []],
    ['"abc"', []],
    ['"03"', []],
  ])('reads %s as %j', (header, expected) => {
    expect(expectedVersion(header)).toEqual(expected);
  });

  it.each(['3', '', '"3" "4"', '"3', '"3",'])('refuses %j', (header) => {
    expect(() => expectedVersion(header)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
  });
});
