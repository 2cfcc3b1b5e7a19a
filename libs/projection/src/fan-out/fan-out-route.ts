import type { ColumnPath } from '#views';

/**
 * The way from a changed key to its roots, as it is stored with every fan-out row. It says of each key column whether
 * it holds one key or several, so that it can be looked up by a process that has no plan of it.
 */
export interface FanOutRoute {
  readonly view: string;
  readonly source: string;
  readonly start: ColumnPath;
  readonly steps: readonly FanOutStep[];
}

export interface FanOutStep {
  readonly source: string;
  readonly match: FanOutKey;
  readonly give: FanOutKey;
}

export interface FanOutKey {
  readonly path: ColumnPath;
  readonly many: boolean;
}
