import fc from 'fast-check';
import { canonicalJson, diffDocuments } from '../index.js';

describe('the difference of two documents', () => {
  it('names each field that differs, with the list items by position', () => {
    const before = { id: 'o1', customer: { name: 'Ann', tier: 'gold' }, lines: [{ sku: 'a' }, { sku: 'b' }] };
    const after = { id: 'o1', customer: { name: 'Anna', tier: 'gold' }, lines: [{ sku: 'a' }, { sku: 'c' }] };
    expect(diffDocuments(before, after)).toEqual([
      { path: 'customer.name', before: 'Ann', after: 'Anna' },
      { path: 'lines[1].sku', before: 'b', after: 'c' },
    ]);
  });

  it('tells null from absent, both ways', () => {
    expect(diffDocuments({ a: null }, {})).toEqual([{ path: 'a', before: null, after: undefined }]);
    expect(diffDocuments({}, { a: null })).toEqual([{ path: 'a', before: undefined, after: null }]);
    expect(diffDocuments([1], [1, null])).toEqual([{ path: '[1]', before: undefined, after: null }]);
  });

  it('shows a part that is not there at all as one difference', () => {
    expect(diffDocuments({ customer: null }, { customer: { name: 'Ann' } })).toEqual([
      { path: 'customer', before: null, after: { name: 'Ann' } },
    ]);
    expect(diffDocuments(null, { id: 'o1' })).toEqual([{ path: '', before: null, after: { id: 'o1' } }]);
  });

  it('tells a list from an object and from nothing', () => {
    expect(diffDocuments({ a: [] }, { a: {} })).toHaveLength(1);
    expect(diffDocuments({ a: [] }, { a: null })).toHaveLength(1);
  });

  it('takes names that every object has for what the document says of them', () => {
    expect(diffDocuments({}, { constructor: 1, 'of two': 2 })).toEqual([
      { path: 'constructor', before: undefined, after: 1 },
      { path: '["of two"]', before: undefined, after: 2 },
    ]);
  });

  it('is empty exactly when the documents say the same', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const pair = fc.oneof(
      fc.tuple(json, json),
      json.map((one) => [one, one] as const),
    );
    fc.assert(
      fc.property(pair, ([one, other]) => {
        const same = canonicalJson(one) === canonicalJson(other);
        expect(diffDocuments(one, other).length === 0).toBe(same);
      }),
      { numRuns: 500 },
    );
  });
});
