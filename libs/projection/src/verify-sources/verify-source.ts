import type { Pool } from 'pg';
import { compareSource, type Compared } from './compare.js';
import { sourceDifferenceKinds, type Look, type SourceDifferenceKind } from './judge.js';
import type { ServiceSide } from './service-side.js';
import { settle, type SourceDifference } from './settle.js';

export interface VerifySourceOptions {
  readonly pool: Pool;
  readonly source: string;
  readonly service: ServiceSide;
  /** Whether states are compared besides versions, for which the service has to read all of them. */
  readonly contents: boolean;
  readonly signal: AbortSignal;
  readonly settleMs?: number;
  readonly graceMs?: number;
  /** The most ids that are looked at again; further ones are only counted. */
  readonly maxSuspects?: number;
  readonly onProgress?: (phase: 'compare' | 'settle', done: number, total: number) => void;
}

export interface VerifiedSource extends Compared {
  readonly verdict: 'equal' | 'different' | 'unknown';
  readonly counts: Readonly<Record<SourceDifferenceKind, number>>;
  readonly differences: readonly SourceDifference[];
  readonly unsettled: readonly string[];
  /** Further ids that differed at first and were too many to look at again. */
  readonly notLookedAt: number;
}

/**
 * Compares the copies of one source with the service that owns it, by counts and checksums of ranges of ids, and down to
 * single ids where these differ. Writers may go on: what differs is looked at again when its events must have come.
 * @throws what the service's side throws, when it can not be asked
 */
export async function verifySource(options: VerifySourceOptions): Promise<VerifiedSource> {
  const { maxSuspects = 10_000, settleMs = 30_000, graceMs = 3_000, onProgress = () => undefined } = options;
  const suspects = new Map<string, Look>();
  let notLookedAt = 0;
  const compared = await compareSource({
    ...options,
    onSuspect: (id, look) => {
      if (suspects.size < maxSuspects) suspects.set(id, look);
      else notLookedAt += 1;
    },
    onProgress: (done, total) => onProgress('compare', done, total),
  });
  const { differences, unsettled } = await settle(suspects, {
    ...options,
    settleMs,
    graceMs,
    onProgress: (open) => onProgress('settle', suspects.size - open, suspects.size),
  });
  const different = differences.length > 0;
  const verdict = different ? 'different' : unsettled.length + notLookedAt > 0 ? 'unknown' : 'equal';
  const counts = Object.fromEntries(
    sourceDifferenceKinds.map((kind) => [kind, differences.filter((one) => one.kind === kind).length]),
  ) as Record<SourceDifferenceKind, number>;
  return { ...compared, verdict, counts, differences, unsettled, notLookedAt };
}
