import { createHash } from 'node:crypto';
import pg from 'pg';
import type { ColumnPath } from '#views';

/** PostgreSQL cuts longer names off silently, so that two of them could become one. */
const maxNameBytes = 63;

/**
 * A quoted SQL identifier for `text`. What is too long is cut and ends in a hash of the whole, so that different texts
 * stay different names.
 */
export function sqlName(text: string): string {
  return pg.escapeIdentifier(unquotedName(text));
}

/** The same name as it stands in the catalogue. */
export function unquotedName(text: string): string {
  if (Buffer.byteLength(text) <= maxNameBytes) return text;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  let head = text;
  while (Buffer.byteLength(head) > maxNameBytes - hash.length - 1) head = head.slice(0, -1);
  return `${head}_${hash}`;
}

/** The table that holds the copies of a source, quoted: `copyTable('order')` is `"copy_order"`. */
export function copyTable(source: string): string {
  return sqlName(`copy_${source}`);
}

/**
 * The generated column that holds the key or keys at `path`, quoted: `keyColumn('lines.productId')` is
 * `"key_lines.productId"`, a text[]; a single reference is a text. The row's own id is the column `id`.
 */
export function keyColumn(path: ColumnPath): string {
  return path === 'id' ? 'id' : sqlName(`key_${path}`);
}
