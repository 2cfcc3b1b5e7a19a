import type { RebuildPhase, RebuildProgress } from './options.js';

export interface PhaseProgress {
  readonly add: (count: number) => void;
  readonly left: (left: number) => void;
}

export interface PhaseStart {
  readonly phase: RebuildPhase;
  readonly total: number;
  /** Done by processes before this one. */
  readonly already?: number;
  readonly yielding?: () => string | null;
}

/** Reports what is done of one phase, beginning with nothing. */
export function progressOf(
  onProgress: ((progress: RebuildProgress) => void) | undefined,
  { phase, total, already = 0, yielding = () => null }: PhaseStart,
): PhaseProgress {
  const startedAt = performance.now();
  let done = already;
  let most = total;
  const report = (): void => {
    const seconds = Math.max(performance.now() - startedAt, 1) / 1_000;
    // Rows that came during the scan are scanned as well.
    const facts = { phase, done, total: Math.max(most, done), rate: (done - already) / seconds };
    onProgress?.({ ...facts, yielding: yielding() });
  };
  report();
  return {
    add: (count) => {
      done += count;
      report();
    },
    left: (left) => {
      most = Math.max(most, left);
      done = most - left;
      report();
    },
  };
}
