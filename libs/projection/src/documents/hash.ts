import { hash } from 'node:crypto';
import type { WriteOperation } from '#search';
import type { GenerationState } from '../generations/generation.js';

/** A write with the hash by which it may be found equal later; null where it may not. */
export interface HashedWrite {
  readonly operation: WriteOperation;
  readonly hash: string | null;
}

/**
 * What an equal document is known by; null for a deletion, and for a generation that is being built, since its scan leaves
 * no trace of what it has under way (build/write-documents.ts).
 */
export function hashOf(operation: WriteOperation, state: GenerationState): string | null {
  return operation.kind === 'delete' || state === 'building' ? null : hashOfText(operation.body);
}

/**
 * 128 bits of SHA-256, as PostgreSQL writes bytes. Of the text and not of the value: the same plan and rows give the same text, and no two different
 * documents do.
 */
export function hashOfText(body: string): string {
  // As text, since a buffer takes longer to make than the hash, and is written as this text in a list for PostgreSQL.
  return `\\x${hash('sha256', body, 'hex').slice(0, 32)}`;
}
