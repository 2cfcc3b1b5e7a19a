import {
  countDeadLetters,
  oldestFanOut,
  pauseKey,
  readActivity,
  readFanOutJobs,
  readPauses,
  readProcesses,
  readRebuilds,
  waitingMarks,
  type FanOutJob,
  type RebuildJob,
} from '#projection';
import type { BriefAccess } from '../brief-access.js';
import type { CliProjection } from '../with-projection.js';
import { readOutboxes, readQueues, type OutboxStatus, type QueueStatus } from './read-surroundings.js';
import {
  countFanOut,
  readGenerationStatus,
  readServedIndices,
  sumOf,
  type GenerationStatus,
} from './read-views.js';
import { Unseen, type UnseenPart } from './unseen.js';

/** What could not be seen is null here and has its reason in `unseen`. */
export interface Status {
  readonly at: string;
  readonly environment: string;
  readonly generations: readonly GenerationStatus[];
  /** Views that the code declares and that have no generation yet; empty when that is not known. */
  readonly withoutGeneration: readonly string[];
  /** What was built in the last minute, and what waits, by view; a view without either is not in it. */
  readonly views: readonly ViewStatus[] | null;
  /** `direct` are marks of ordinary changes, `bulk` those of wide changes, scans and repairs. */
  readonly marks: (Waiting & { readonly direct: number; readonly bulk: number }) | null;
  /** Changed keys that nobody has looked up yet. */
  readonly fanOut: Waiting | null;
  /** Changed keys whose many documents are marked step by step. */
  readonly fanOutJobs: readonly FanOutJob[] | null;
  /** Rebuilds that have not ended. */
  readonly rebuilds: readonly RebuildStatus[] | null;
  readonly deadLetters: Readonly<Record<string, number>> | null;
  readonly paused: readonly PausedStatus[] | null;
  readonly processes: readonly ProcessStatus[] | null;
  readonly queues: readonly QueueStatus[] | null;
  readonly outboxes: readonly OutboxStatus[];
  readonly unseen: readonly UnseenPart[];
}

export interface Waiting {
  readonly count: number;
  readonly oldestSeconds: number | null;
}

export interface ViewStatus {
  readonly view: string;
  /** Documents a second over the last minute, and the time from event to index, in seconds. */
  readonly rate: number;
  readonly lagP50: number | null;
  readonly lagP99: number | null;
  readonly marks: number;
  readonly oldestMarkSeconds: number | null;
}

export interface RebuildStatus extends RebuildJob {
  /** How long the rest of the scan takes at the pace that it had so far; null when it is over, or has not begun. */
  readonly secondsLeft: number | null;
}

export interface PausedStatus {
  readonly what: string;
  readonly since: string;
  readonly by: string;
  readonly reason: string | null;
}

export interface ProcessStatus {
  readonly role: string;
  readonly host: string;
  readonly pid: number;
  readonly release: string;
  readonly startedAt: string;
  readonly silentSeconds: number;
  readonly alive: boolean;
}

/** What is served, how far behind it is, what waits and what could not be done; with any one server away. */
export async function readStatus(projection: CliProjection, access: BriefAccess): Promise<Status> {
  const unseen = new Unseen();
  const [database, running, queues, outboxes] = await Promise.all([
    unseen.see('projection database', () => readProjection(projection, access, unseen)),
    unseen.see('projectors', () => readRunning(access)),
    unseen.see('RabbitMQ', () => readQueues(projection, access)),
    readOutboxes(access, unseen),
  ]);
  const generations = database?.generations ?? (await readServedIndices(projection, access, unseen));
  const declared = projection.declared.plans.map(({ view }) => view);
  return {
    at: new Date().toISOString(),
    environment: projection.config.PREJOIN_ENVIRONMENT,
    generations,
    withoutGeneration:
      database === null ? [] : declared.filter((view) => !generations.some((one) => one.view === view)),
    views: database === null ? null : viewsOf(database, running),
    marks: database === null ? null : sumOf(database.marks),
    fanOut: database?.fanOut ?? null,
    fanOutJobs: database?.fanOutJobs ?? null,
    rebuilds: running?.rebuilds ?? null,
    deadLetters: database?.deadLetters ?? null,
    paused: running?.paused ?? null,
    processes: running?.processes ?? null,
    queues,
    outboxes,
    unseen: unseen.parts,
  };
}

type Database = Awaited<ReturnType<typeof readProjection>>;

async function readProjection(projection: CliProjection, access: BriefAccess, unseen: Unseen) {
  const { pool } = access;
  const [generations, marks, fanOut, oldest, fanOutJobs, deadLetters] = await Promise.all([
    readGenerationStatus(projection, access, unseen),
    waitingMarks(pool),
    countFanOut(pool),
    oldestFanOut(pool),
    readFanOutJobs(pool),
    countDeadLetters(pool),
  ]);
  return { generations, marks, fanOut: { count: fanOut, oldestSeconds: oldest }, fanOutJobs, deadLetters };
}

type Running = Awaited<ReturnType<typeof readRunning>>;

/** Apart from the rest, since a database that a release before has migrated lacks these tables. */
async function readRunning({ pool }: BriefAccess) {
  const [activity, pauses, processes, rebuilds] = await Promise.all([
    readActivity(pool),
    readPauses(pool),
    readProcesses(pool),
    readRebuilds(pool),
  ]);
  return {
    activity,
    rebuilds: rebuilds.map((job) => ({ ...job, secondsLeft: secondsLeft(job) })),
    paused: pauses.map(({ what, since, by, reason }): PausedStatus => ({
      what: pauseKey(what),
      since: since.toISOString(),
      by,
      reason,
    })),
    processes: processes.map(
      ({ role, host, pid, release, startedAt, silentSeconds, alive }): ProcessStatus => ({
        role,
        host,
        pid,
        release,
        startedAt: startedAt.toISOString(),
        silentSeconds,
        alive,
      }),
    ),
  };
}

function secondsLeft({ phase, scanned, total, startedAt }: RebuildJob): number | null {
  const seconds = (Date.now() - startedAt.getTime()) / 1_000;
  return phase !== 'scan' || scanned === 0 || seconds <= 0
    ? null
    : Math.max(0, Math.round((total - scanned) / (scanned / seconds)));
}

function viewsOf({ marks }: Database, running: Running | null): readonly ViewStatus[] {
  const activity = running?.activity ?? new Map<string, never>();
  const names = [...new Set([...marks.map(({ view }) => view), ...activity.keys()])].sort();
  return names.map((view) => {
    const waiting = marks.find((one) => one.view === view);
    const built = activity.get(view);
    return {
      view,
      rate: built?.rate ?? 0,
      lagP50: built?.lagP50 ?? null,
      lagP99: built?.lagP99 ?? null,
      marks: waiting === undefined ? 0 : waiting.direct + waiting.bulk,
      oldestMarkSeconds: waiting?.oldestSeconds ?? null,
    };
  });
}
