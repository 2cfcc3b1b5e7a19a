import { hash } from 'node:crypto';
import type { WriteOperation } from '#search';

/** A write with the hash of its document: 128 bits of SHA-256, or null where it deletes. */
export interface HashedWrite {
  readonly operation: WriteOperation;
  readonly hash: Buffer | null;
}

/** Of the text and not of the value: the same plan and rows give the same text, and no two different documents do. */
export function hashOf(operation: WriteOperation): Buffer | null {
  if (operation.kind === 'delete') return null;
  return hash('sha256', operation.body, 'buffer').subarray(0, 16);
}
