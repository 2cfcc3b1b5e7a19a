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
  /** Roots per chunk; two chunks are in flight. */
  readonly chunk?: number;
  /** How long a silent holder keeps the rebuild, in milliseconds. */
  readonly leaseMs?: number;
  /** How long the old generation is kept current for a rollback, in milliseconds. */
  readonly keepPreviousMs?: number;
  /** How long the drain may wait without any mark being built, in milliseconds. */
  readonly stallMs?: number;
}

export interface RebuildResult {
  readonly indexName: string;
  readonly previousIndexName: string | null;
  /** Documents in the new index when it was verified. */
  readonly documents: number;
  /** Roots scanned by this process; fewer than all when it went on with a rebuild that was killed. */
  readonly scanned: number;
  readonly resumed: boolean;
  /** Roots whose documents the new index refuses. */
  readonly refused: number;
}
