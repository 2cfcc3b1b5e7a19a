import { describe, expect, test } from '@jest/globals';

// prettier-ignore
describe.only('a group', () => { // refused
  test.skip('is left out', () => expect(1).toBe(2)); // refused
  test.todo('is not written'); // refused
  test.failing('fails', () => expect(1).toBe(2)); // refused
  test.skip.each([1])('is left out %s', () => expect(1).toBe(2)); // refused
  xit('is left out', () => expect(1).toBe(2)); // refused
  fit('is alone', () => expect(1).toBe(1)); // refused
  test('runs', () => expect(1).toBe(1));
  test.each([1, 2])('runs for %s', (n) => expect(n).toBe(n));
});
