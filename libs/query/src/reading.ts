import { messageOf, type Clock, type Logger } from '#kernel';
import type { PointInTime, SearchIndex } from '#search';
import { QueryInvalidError } from './faults.js';
import type { Freshness } from './freshness/freshness.js';
import type { BeforeRead } from './freshness/own-writes.js';
import type { GuardedIndex } from './guard/guarded-index.js';
import type { Parsed } from './parse/parse.js';
import type { Snapshots } from './snapshots.js';

export interface ReaderOptions {
  readonly index: SearchIndex;
  /** Before the view's name, as the projector has it. */
  readonly indexPrefix: string;
  readonly cursorSecret: string;
  readonly clock: Clock;
  /** How long one request may keep the search server busy, in milliseconds. */
  readonly deadlineMs: number;
  /** The most snapshots and exports that are held at once. */
  readonly mostSnapshots: number;
  /** Absent: nothing is known, so that nothing is told and nothing is waited for. */
  readonly freshness?: Freshness;
  readonly logger: Logger;
}

/** What all reads have in common. Documents are reached by what a caller may see, and in no other way. */
export interface Reading extends Omit<ReaderOptions, 'index'> {
  readonly index: GuardedIndex;
  readonly snapshots: Snapshots;
}

/** Of a read that waits for nothing. */
export const noWait: BeforeRead = () => Promise.resolve({});

/** The query of what was parsed. @throws {QueryInvalidError} with all faults */
export function understood<T>(parsed: Parsed<T>): T {
  if ('faults' in parsed) throw new QueryInvalidError(parsed.faults);
  return parsed.query;
}

/** The server would let it go by itself, only later. */
export async function letGo({ snapshots, logger }: Reading, snapshot: PointInTime): Promise<void> {
  try {
    await snapshots.close(snapshot);
  } catch (error) {
    logger.warn({ err: error }, `A snapshot could not be let go and ends by its time: ${messageOf(error)}`);
  }
}
