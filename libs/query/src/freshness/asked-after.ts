import { parseWrites, type Write } from '#kernel';
import { QueryInvalidError } from '../faults.js';

/** The writes that an answer should contain, and how long it may wait for them. */
export interface AskedAfter {
  readonly writes: readonly Write[];
  readonly waitMs: number;
  /** What of the caller's preference is kept to, in seconds; null when it had none. */
  readonly appliedWait: number | null;
}

export interface AfterHeaders {
  /** `Prejoin-After` */
  readonly after: string | undefined;
  /** `Prefer` */
  readonly prefer: string | undefined;
}

const DEFAULT_WAIT_S = 2;
export const LONGEST_WAIT_S = 10;

/** Null when the answer need not contain anything. @throws {QueryInvalidError} for what is no list of writes */
export function askedAfter({ after, prefer }: AfterHeaders): AskedAfter | null {
  if (after === undefined) return null;
  const parsed = parseWrites(after);
  if ('fault' in parsed)
    throw new QueryInvalidError([
      { parameter: 'Prejoin-After', code: 'after_invalid', detail: `This header ${parsed.fault}.` },
    ]);
  const preferred = preferredWait(prefer ?? '');
  const seconds = Math.min(preferred ?? DEFAULT_WAIT_S, LONGEST_WAIT_S);
  return {
    writes: parsed.writes,
    waitMs: seconds * 1_000,
    appliedWait: preferred === null ? null : seconds,
  };
}

/** The seconds of `wait` (RFC 7240). Other preferences, and what can not be understood, are not for this server. */
function preferredWait(prefer: string): number | null {
  const [, seconds] = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9}(?:\.\d{1,3})?)"?\s*(?=[,;]|$)/i.exec(prefer) ?? [];
  return seconds === undefined ? null : Number(seconds);
}
