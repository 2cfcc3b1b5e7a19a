import type { Plan } from '#views';
import type { BuildContext } from '../build/build-roots.js';

export type RebuildPhase = 'scan' | 'drain' | 'verify' | 'swap';

export interface RebuildProgress {
  readonly phase: RebuildPhase;
  /** Roots in 'scan' and 'verify', marks in 'drain'. */
  readonly done: number;
  readonly total: number;
  /** Done per second since the phase began in this process. */
  readonly rate: number;
  /** Why the scan yields to readers or writers; null while it does not. */
  readonly yielding: string | null;
}

export interface RebuildOptions extends BuildContext {
  /** The plan that the code declares now. */
  readonly plan: Plan;
  readonly indexPrefix: string;
  /** Who rebuilds, for whoever is refused: host and process. */
  readonly holder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RebuildProgress) => void;
  /** Swaps even if documents are refused by the new index that the live one holds. */
  readonly acceptRefused?: boolean;
  /** Roots per chunk; each worker has one in hand. Absent: about a sixtieth of all, from 100 to 1000. */
  readonly chunk?: number;
  /** Ranges of ids that are scanned side by side. */
  readonly workers?: number;
  /** The most documents a second that the scan builds; null is no bound. */
  readonly throttle?: number | null;
  /** Whether the scan works less while it makes changes or searches wait. */
  readonly yields?: boolean;
  /** How often it looks at what waits, in milliseconds. */
  readonly sampleMs?: number;
  /** Stops when the new generation is complete and verified; `swapView` swaps it in. */
  readonly swap?: 'now' | 'later';
  /** How old a mark may be that concerns the new generation when it is swapped in, in milliseconds. */
  readonly maxLagMs?: number;
  /** How long a silent holder keeps the rebuild, in milliseconds. */
  readonly leaseMs?: number;
  /** How long the old generation is kept current for a rollback, in milliseconds. */
  readonly keepPreviousMs?: number;
  /** How long the drain may wait without any mark being built, in milliseconds. */
  readonly stallMs?: number;
}

export interface RebuildResult {
  readonly indexName: string;
  /** False when it waits for its swap. */
  readonly swapped: boolean;
  readonly previousIndexName: string | null;
  /** Documents in the new index when it was verified. */
  readonly documents: number;
  /** Roots scanned by this process; fewer than all when it went on with a rebuild that was killed. */
  readonly scanned: number;
  readonly resumed: boolean;
  /** Roots whose documents the new index refuses. */
  readonly refused: number;
  /** What would have been a reason not to swap, as sentences; only where it was forced. */
  readonly overridden: readonly string[];
}
