import type { Pool } from 'pg';
import type { SearchIndex } from '#search';
import type { Computes, DocumentDifference, DocumentPart } from '#views';
import type { ListedDeadLetter } from '../dead-letters/list.js';
import type { Generation } from '../generations/generation.js';
import type { ExplainedPart } from './parts.js';
import type { RowFacts } from './row-facts.js';
import type { WaitingKey, WaitingMark } from './waiting-for.js';

export interface ExplainOptions {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly computes: Computes;
  /** The live one, as a rule. */
  readonly generation: Generation;
  readonly id: string;
  readonly timeoutMs?: number;
}

/** What an index holds under an id. */
export type Indexed =
  | { readonly kind: 'document'; readonly revision: number; readonly document: unknown }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly reason: string };

/**
 * `surplus`: the index has a document where there should be none. `unknown`: one of the two sides could not be seen.
 */
export type Verdict = 'equal' | 'different' | 'missing' | 'surplus' | 'unknown';

export interface Explanation {
  readonly indexed: Indexed;
  readonly expected: Expected;
  /** Of the snapshot that `expected` was read from. */
  readonly revision: number;
  readonly verdict: Verdict;
  /** From what is indexed to what is expected. */
  readonly differences: readonly DocumentDifference[];
  /** What was last decided about the document, which the index may not have yet; null when nobody has. */
  readonly known: Known | null;
  readonly parts: readonly ExplainedPart[];
  readonly marks: readonly WaitingMark[];
  readonly keys: readonly WaitingKey[];
  /** Of the document, and of the aggregates that it is made from; neither healed nor discarded. */
  readonly letters: readonly ListedDeadLetter[];
}

/** What the document should be by the copies. */
export type Expected =
  | { readonly kind: 'document'; readonly document: unknown }
  | { readonly kind: 'none'; readonly why: Absence }
  | { readonly kind: 'unknown'; readonly reason: string };

/** Why there should be no document. */
export type Absence =
  | { readonly kind: 'no_root' }
  | { readonly kind: 'deleted' | 'erased'; readonly root: RowFacts }
  | { readonly kind: 'filtered' }
  | { readonly kind: 'lacks'; readonly part: DocumentPart };

export interface Known {
  readonly revision: number;
  /** Whether the decision was that there is no document. */
  readonly deletes: boolean;
  /** Whether the index has answered that it holds what was decided. */
  readonly confirmed: boolean;
  /** When it last did so; null for a deletion, and where nobody noted it. */
  readonly confirmedAt: Date | null;
}
