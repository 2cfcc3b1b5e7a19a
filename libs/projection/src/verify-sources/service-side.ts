import type { AggregateVersion, IdRange, RangeChecksum } from '#messaging';

/** What the owner of a source says that it has. Each call is one request, and all that it tells is of one snapshot. */
export interface ServiceSide {
  /** The most ranges, and the most ids, of one call. */
  readonly limits: { readonly ranges: number; readonly ids: number };
  checksums(
    ranges: readonly IdRange[],
  ): Promise<{ readonly epoch: number; readonly ranges: readonly RangeChecksum[] }>;
  /** The first aggregates of a range, deleted ones too, in the order of their ids; fewer than `limit` are all. */
  list(range: IdRange, limit: number): Promise<ListedVersions>;
  /** Aggregates by their ids, and which of these have events that the broker has not confirmed. */
  of(ids: readonly string[]): Promise<ListedVersions & EventsOnTheirWay>;
  /** Messages that no projector has taken yet. */
  backlog(): Promise<number>;
}

export interface ListedVersions {
  readonly epoch: number;
  readonly aggregates: readonly AggregateVersion[];
}

export interface EventsOnTheirWay {
  readonly waiting: readonly string[];
  readonly deadLettered: readonly string[];
}
