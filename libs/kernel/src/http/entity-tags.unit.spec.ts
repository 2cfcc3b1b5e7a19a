import { describe, expect, it } from '@jest/globals';
import { holdsCopy } from './entity-tags.js';

describe('holdsCopy', () => {
  it.each([
    ['"2", W/"3"', true],
    ['"3"', true],
    ['*', true],
    ['"2"', false],
    ['3', false],
    [undefined, false],
  ])('finds "3" by %s: %j', (header, held) => {
    expect(holdsCopy(header, '"3"')).toBe(held);
  });
});
