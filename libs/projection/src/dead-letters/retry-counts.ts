import type { StoredDeadLetter } from './list.js';

export interface LetterToRetry extends Pick<StoredDeadLetter, 'id' | 'kind' | 'messageId' | 'body'> {
  readonly fingerprint: string;
}

/** What became of the letters of one page. */
export interface PageOutcome {
  readonly healed: number;
  /** The reasons of those that were refused again. */
  readonly refusals: readonly string[];
  /** Letters of documents whose roots were marked; the marks have `fromSeq` or a greater `seq`. */
  readonly queued: readonly number[];
  readonly fromSeq: string | null;
}

export interface RetryCounts {
  readonly healed: number;
  /** Documents that a builder will try. */
  readonly queued: number;
  readonly refused: number;
  /** How many were refused for which reason; the first reasons that came, since each letter may have one of its own. */
  readonly reasons: ReadonlyMap<string, number>;
}

const MOST_REASONS = 20;

export const nothingYet: RetryCounts = { healed: 0, queued: 0, refused: 0, reasons: new Map() };

export function addUp(counts: RetryCounts, page: PageOutcome): RetryCounts {
  const reasons = new Map(counts.reasons);
  for (const reason of page.refusals) {
    const known = reasons.get(reason);
    if (known !== undefined || reasons.size < MOST_REASONS) reasons.set(reason, (known ?? 0) + 1);
  }
  return {
    healed: counts.healed + page.healed,
    queued: counts.queued + page.queued.length,
    refused: counts.refused + page.refusals.length,
    reasons,
  };
}
