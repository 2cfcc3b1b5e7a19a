/**
 * - `ok`: looked at, and as it should be;
 * - `warn`: it works, and somebody should look at it; `fail`: something does not work, or may lose data;
 * - `unknown`: it could not be looked at, which is never taken for good;
 * - `skip`: nobody asked for it to be looked at, since it is not configured here.
 */
export type Verdict = 'ok' | 'warn' | 'fail' | 'unknown' | 'skip';

/** What one check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** What was looked at: `triggers of the copies`. */
  readonly what: string;
  readonly finding: string;
  /** What to do about it; null where there is nothing to do. */
  readonly remedy: string | null;
}

export function ok(what: string, finding: string): Finding {
  return { verdict: 'ok', what, finding, remedy: null };
}

export function warn(what: string, finding: string, remedy: string): Finding {
  return { verdict: 'warn', what, finding, remedy };
}

export function fail(what: string, finding: string, remedy: string): Finding {
  return { verdict: 'fail', what, finding, remedy };
}

export function unknown(what: string, finding: string, remedy: string): Finding {
  return { verdict: 'unknown', what, finding, remedy };
}

export function skip(what: string, finding: string, remedy: string | null = null): Finding {
  return { verdict: 'skip', what, finding, remedy };
}

/** Worst first: something known to be wrong is said before something that is not known. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 | 2 {
  if (findings.some(({ verdict }) => verdict === 'fail' || verdict === 'warn')) return 1;
  return findings.some(({ verdict }) => verdict === 'unknown') ? 2 : 0;
}
