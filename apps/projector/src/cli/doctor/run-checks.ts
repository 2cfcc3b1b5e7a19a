import { messageOf, PrejoinError, sleep } from '#kernel';
import { unknown, type Finding } from './finding.js';

/** Some findings that are looked for together; it may fail as a whole. */
export interface Check {
  /** What is not known when it fails. */
  readonly what: string;
  /** What to do when it could not be looked at, unless the error itself says. */
  readonly remedy: string;
  readonly run: () => Promise<readonly Finding[]>;
}

/**
 * Runs all checks side by side, and gives their findings in the order of the checks. One that fails, or has not ended
 * within `deadlineMs`, is an `unknown`: nobody looked.
 */
export async function runChecks(checks: readonly Check[], deadlineMs: number): Promise<readonly Finding[]> {
  const findings = await Promise.all(checks.map((check) => runCheck(check, deadlineMs)));
  return findings.flat();
}

async function runCheck({ what, remedy, run }: Check, deadlineMs: number): Promise<readonly Finding[]> {
  const ended = new AbortController();
  const late = sleep(deadlineMs, ended.signal).then(() => {
    throw new PrejoinError('check_late', `it did not answer within ${deadlineMs} ms`);
  });
  try {
    return await Promise.race([run(), late]);
  } catch (error) {
    const advice = error instanceof PrejoinError ? error.remedy : undefined;
    return [unknown(what, messageOf(error), advice ?? remedy)];
  } finally {
    // The race is over: what the other one says now, nobody hears.
    late.catch((consequence: unknown) => consequence);
    ended.abort();
  }
}
