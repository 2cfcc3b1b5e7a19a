import type { AggregateVersion } from '#messaging';
import type { ComparedCopy } from './copies-side.js';

/**
 * How a copy differs from its service.
 * `missing`: the service has it, the copies do not; `extra`: the other way round; `stale`: the copy is of a lower version;
 * `ahead`: of a higher one, which the service has lost in a restore; `different`: the same version says something else.
 */
export type SourceDifferenceKind = (typeof sourceDifferenceKinds)[number];
export const sourceDifferenceKinds = ['missing', 'extra', 'stale', 'ahead', 'different'] as const;

/** What both sides say of one id. */
export interface BothSides {
  /** The source epoch that the service publishes under. */
  readonly epoch: number;
  readonly aggregate: AggregateVersion | undefined;
  readonly copy: ComparedCopy | undefined;
}

/** How the two differ; null when they do not, and for an erased copy, which is meant to. */
export function judge({ epoch, aggregate, copy }: BothSides): SourceDifferenceKind | null {
  if (copy?.erased === true) return null;
  const isThere = copy !== undefined && !copy.deleted;
  if (aggregate === undefined) return isThere ? (copy.epoch > epoch ? 'ahead' : 'extra') : null;
  // A tombstone says all that is left to be said of it, whatever its version is.
  if (aggregate.deleted && !isThere) return null;
  if (copy === undefined) return 'missing';
  const order = copy.epoch - epoch || copy.version - aggregate.version;
  if (order !== 0) return order < 0 ? 'stale' : 'ahead';
  return copy.deleted !== aggregate.deleted || copy.content !== aggregate.content ? 'different' : null;
}

/** What was seen of one id at one moment: the service was asked first, and the copy read after its answer. */
export type Look = BothSides;

/**
 * Whether a difference is still there, and no event that is on its way explains it: `first` was seen before all such
 * events were through, `now` afterwards.
 *
 * What lags has caught up when the copy has what the service had first. What is ahead must be missing from a service that
 * was asked after the copy was read. One version never says two things, so `different` is final.
 */
export function persists(first: Look, now: Look): SourceDifferenceKind | null {
  const kind = judge(now);
  if (kind === null || kind === 'different') return kind;
  const crossed =
    kind === 'ahead'
      ? judge({ ...now, copy: first.copy })
      : judge({ ...now, epoch: first.epoch, aggregate: first.aggregate });
  if (kind === 'ahead') return crossed === 'ahead' ? kind : null;
  return crossed === null || crossed === 'ahead' ? null : kind;
}
