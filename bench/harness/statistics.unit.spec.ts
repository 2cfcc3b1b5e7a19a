import { expect, test } from '@jest/globals';
import { median, spread } from './statistics.js';

test('the median is the middle value, in whatever order they come', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
});

test('the spread is the distance of the extremes as a share of the median', () => {
  expect(spread([8, 10, 12])).toBe(0.4);
  expect(spread([5])).toBe(0);
});
