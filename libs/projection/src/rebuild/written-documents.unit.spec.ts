import { expect, it } from '@jest/globals';
import { WrittenDocuments } from './written-documents.js';

it('holds a text under the revision that it was written at, and under no other', () => {
  const written = new WrittenDocuments();
  written.add(7, '{"id":"a","total":1}');
  written.add(8, '{"id":"b","total":1}');
  expect(written.holds(7, '{"id":"a","total":1}')).toBe(true);
  expect(written.holds(8, '{"id":"a","total":1}')).toBe(false);
  expect(written.holds(7, '{"id":"a","total":2}')).toBe(false);
  expect(written.holds(9, '{"id":"a","total":1}')).toBe(false);
});

it('covers a view of which it has nearly all', () => {
  const written = new WrittenDocuments();
  for (let n = 1; n <= 9; n++) written.add(1, `{"id":"${n}"}`);
  expect(written.covers(10)).toBe(true);
  expect(written.covers(11)).toBe(false);
});

it('gives up a view that is too large to be held', () => {
  const written = new WrittenDocuments(2);
  for (let n = 1; n <= 3; n++) written.add(1, `{"id":"${n}"}`);
  expect(written.covers(3)).toBe(false);
  expect(written.holds(1, '{"id":"1"}')).toBe(false);
});
