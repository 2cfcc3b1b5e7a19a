import { describe, expect, it } from '@jest/globals';
import { canonicalJson, contentHash, lineNumber, type ComparedLine } from './checksum.js';

const line = (change: Partial<ComparedLine>): ComparedLine => ({
  id: 'a',
  epoch: 0,
  version: 1,
  content: null,
  ...change,
});

describe('the number of an aggregate', () => {
  it('is what docs/events says, since others compute it too', () => {
    // printf '0:2::SKU-00 17/ä' | sha256sum | cut -c -16, as a signed integer
    expect(lineNumber(line({ id: 'SKU-00 17/ä', version: 2 }))).toBe(595188208322168456n);
  });

  it('differs for what would be the same text without separators', () => {
    const lines = [
      line({ id: '23', version: 1 }),
      line({ id: '3', version: 12 }),
      line({ id: '', version: 123 }),
      line({ id: '3', epoch: 1, version: 2 }),
      line({ id: '1:23', epoch: 0, version: 1 }),
      line({ id: '23', epoch: 1, version: 1 }),
      line({ id: 'b', content: 'a' }),
      line({ id: 'ab' }),
      line({ id: 'a:b' }),
    ];
    expect(new Set(lines.map(lineNumber)).size).toBe(lines.length);
  });
});

describe('the hash of a state', () => {
  it('is of its members in the order of their names, whatever their order and numbers among them', () => {
    expect(canonicalJson({ b: [2, { z: null, y: 'ü"' }], 9: 1, 10: 1.0, a: undefined })).toBe(
      '{"10":1,"9":1,"b":[2,{"y":"ü\\"","z":null}]}',
    );
    expect(contentHash({ a: 1, b: { c: 2, d: 3 } })).toBe(
      contentHash(JSON.parse('{"b":{"d":3,"c":2},"a":1}')),
    );
    expect(contentHash({ a: [1, 2] })).not.toBe(contentHash({ a: [2, 1] }));
    expect(contentHash({ a: null })).not.toBe(contentHash({}));
  });
});
