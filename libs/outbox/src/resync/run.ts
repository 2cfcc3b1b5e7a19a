import type { ResyncRequest, ServiceAnswer } from '#messaging';
import { raiseEpoch, readEpoch } from '../source-epoch.js';
import type { Transaction } from '../transaction.js';
import type { PublishedSource } from './published-source.js';

/** The publishing again of one source, as the service's database has it. */
export interface Run {
  readonly source: string;
  /** The id of the request that began it. */
  readonly run: string;
  readonly state: 'running' | 'done' | 'failed';
  readonly failure: string | null;
  readonly epoch: number;
  /** The id of the last aggregate that was appended. */
  readonly cursor: string | null;
  readonly done: number;
  readonly total: number;
  readonly replyTo: readonly string[];
}

const columns = `source, run, state, failure, epoch::float8 AS epoch, cursor, done::float8 AS done,
  total::float8 AS total, reply_to AS "replyTo"`;

/**
 * Begins to publish a source again, or joins what goes on: a run of the same request, or one that runs already. One that
 * failed goes on where it was. Raising the epoch begins anew, since what was appended so far has the old one.
 */
export async function beginOrJoin(
  tx: Transaction,
  published: PublishedSource,
  request: ResyncRequest,
): Promise<Run> {
  const { source, id, replyTo, raiseEpochAbove } = request;
  const known = await lockRun(tx, source);
  if (known?.run === id || (known?.state === 'running' && raiseEpochAbove === null)) {
    return known.state === 'running' ? writeRun(tx, { ...known, replyTo: [replyTo] }) : known;
  }
  const from =
    known?.state === 'failed' && raiseEpochAbove === null
      ? { cursor: known.cursor, done: known.done, total: known.total }
      : { cursor: null, done: 0, total: await published.count(tx) };
  const epoch =
    raiseEpochAbove === null ? await readEpoch(tx, source) : await raiseEpoch(tx, source, raiseEpochAbove);
  return writeRun(tx, {
    source,
    run: id,
    state: 'running',
    failure: null,
    epoch,
    ...from,
    replyTo: [replyTo],
  });
}

/** Those who listen already go on to. */
async function writeRun(tx: Transaction, run: Run): Promise<Run> {
  const rows: Run[] = await tx.query(
    `INSERT INTO resync AS known (source, run, state, failure, epoch, cursor, done, total, reply_to)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
     ON CONFLICT (source) DO UPDATE SET
       run = excluded.run, state = excluded.state, failure = excluded.failure, epoch = excluded.epoch,
       cursor = excluded.cursor, done = excluded.done, total = excluded.total,
       reply_to = ARRAY(SELECT DISTINCT unnest(known.reply_to || excluded.reply_to)),
       started_at = CASE WHEN known.run = excluded.run THEN known.started_at ELSE now() END
     RETURNING ${columns}`,
    [run.source, run.run, run.state, run.failure, run.epoch, run.cursor, run.done, run.total, run.replyTo],
  );
  return rows[0]!;
}

async function lockRun(tx: Transaction, source: string): Promise<Run | undefined> {
  const rows: Run[] = await tx.query(`SELECT ${columns} FROM resync WHERE source = $1 FOR UPDATE`, [source]);
  return rows[0];
}

/**
 * The oldest run that no other process works on, locked until the transaction ends; undefined when there is none. The
 * lock is all that assigns the work: a process that dies gives it back with its connection.
 */
export async function claimRun(tx: Transaction, sources: readonly string[]): Promise<Run | undefined> {
  const rows: Run[] = await tx.query(
    `SELECT ${columns} FROM resync WHERE state = 'running' AND source = ANY ($1)
     ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED`,
    [sources],
  );
  return rows[0];
}

/** Writes how far a claimed run is now. */
export async function saveRun(tx: Transaction, run: Run): Promise<Run> {
  await tx.query(
    `UPDATE resync SET state = $2, failure = $3, cursor = $4, done = $5,
       -- nobody is told of one that has ended: who asks again is answered at once
       reply_to = CASE WHEN $2 = 'running' THEN reply_to ELSE '{}' END
     WHERE source = $1`,
    [run.source, run.state, run.failure, run.cursor, run.done],
  );
  return run;
}

/** Forgets queues that are gone: those who listened have left. */
export async function forgetListeners(
  tx: Transaction,
  source: string,
  queues: readonly string[],
): Promise<void> {
  await tx.query(
    `UPDATE resync SET reply_to = ARRAY(SELECT unnest(reply_to) EXCEPT SELECT unnest($2::text[])) WHERE source = $1`,
    [source, queues],
  );
}

/** What is answered about a run. */
export function answerOf({ source, run, state, failure, done, total, epoch }: Run): ServiceAnswer {
  if (state !== 'failed') return { kind: 'progress', source, run, state, done, total, epoch };
  return {
    kind: 'refused',
    source,
    reason: `After ${done} of ${total}: ${failure ?? 'it failed'}`,
    remedy: 'Correct that aggregate in its service and run the command again: it goes on where it was.',
  };
}
