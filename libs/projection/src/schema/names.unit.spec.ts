import { describe, expect, it } from '@jest/globals';
import { copyTable, keyColumn, sqlName } from './names.js';

describe('the names of copies and keys', () => {
  it('come quoted, so that no text of a declaration becomes SQL', () => {
    expect(copyTable('order')).toBe('"copy_order"');
    expect(keyColumn('lines.productId')).toBe('"key_lines.productId"');
    expect(sqlName('a"; DROP TABLE mark; --')).toBe('"a""; DROP TABLE mark; --"');
  });

  it('of the row itself is its id', () => {
    expect(keyColumn('id')).toBe('id');
  });

  it('stay different when PostgreSQL would cut them to the same', () => {
    const long = 'x'.repeat(70);
    const names = [sqlName(`${long}a`), sqlName(`${long}b`), sqlName(`${'é'.repeat(40)}`)];
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(Buffer.byteLength(name) - 2).toBeLessThanOrEqual(63);
  });
});
