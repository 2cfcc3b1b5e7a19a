import type { ClientBase, Pool } from 'pg';
import { PrejoinError } from '#kernel';
import { allEnded } from '../schema/all-ended.js';
import { withClient } from './client.js';
import { composeRevision } from './revision.js';

/** What was read in one REPEATABLE READ snapshot of the projection database. */
export interface Snapshot<T> {
  readonly read: T;
  readonly revision: number;
  /** Just before the snapshot was asked for, by `performance.now()`: nothing may be sent from it after the deadline. */
  readonly takenAt: number;
}

export interface SnapshotOptions {
  /** The copies that will be read, as quoted names. */
  readonly tables: readonly string[];
  /** The longest that one statement may take, waiting for locks included, in milliseconds. */
  readonly statementTimeoutMs: number;
}

/** Standbys do not replay commits in the order in which their snapshots saw them, so their counters order nothing. */
export class StandbyError extends PrejoinError {
  constructor() {
    super(
      'revision_on_standby',
      'The projection database is a standby, and a revision can only be taken on the primary.',
      {
        remedy: 'Point PROJECTION_DATABASE_URL at the primary (target_session_attrs=read-write finds it).',
      },
    );
  }
}

/** This cluster and timeline have no epoch yet: the database was restored, failed over, or never migrated. */
export class EpochMissingError extends PrejoinError {
  constructor(cluster: string, timeline: number) {
    super('epoch_missing', `There is no epoch for database cluster ${cluster}, timeline ${timeline}.`, {
      remedy: 'Start a projector: it gives a new cluster an epoch above all others and marks every root.',
    });
  }
}

/**
 * Where the revision comes from: the number of transactions completed in this snapshot, below an epoch of the cluster
 * that the counter belongs to.
 *
 * The timeline is read from the name of the WAL file being written. pg_control_checkpoint() was rejected: after a
 * promotion it tells the old timeline until the next checkpoint. All these functions are open to every role. On a
 * standby pg_current_wal_lsn() raises an error, hence the CASE.
 */
const REVISION = `
  SELECT here.standby, here.cluster, here.timeline, epoch.epoch::text AS epoch,
         (pg_snapshot_xmax(here.snapshot)::text::bigint
           - (SELECT count(*) FROM pg_snapshot_xip(here.snapshot)))::text AS counter
  FROM (
    SELECT pg_current_snapshot() AS snapshot,
           pg_is_in_recovery() AS standby,
           (SELECT system_identifier::text FROM pg_control_system()) AS cluster,
           CASE WHEN pg_is_in_recovery() THEN 0
                ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline
  ) AS here
  LEFT JOIN epoch ON epoch.system_identifier = here.cluster AND epoch.timeline = here.timeline`;

interface RevisionRow {
  readonly standby: boolean;
  readonly cluster: string;
  readonly timeline: number;
  readonly epoch: string | null;
  readonly counter: string;
}

const IDLE_MS = 60_000;

/**
 * Reads in one READ ONLY, REPEATABLE READ snapshot, and tells the snapshot's revision (design rule 6).
 *
 * The copies are locked before the snapshot exists: a rewriting ALTER TABLE that commits between snapshot and first
 * read would show them empty. LOCK TABLE takes no snapshot; the revision query, which is first, does. What `read` asks for
 * goes out right behind it.
 * @throws {StandbyError} on a standby, {EpochMissingError} when the cluster is new to this database
 */
export function readSnapshot<T>(
  pool: Pool,
  { tables, statementTimeoutMs }: SnapshotOptions,
  read: (client: ClientBase) => Promise<T>,
): Promise<Snapshot<T>> {
  const begin = [
    'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY',
    `SET LOCAL statement_timeout = ${Math.ceil(statementTimeoutMs)}`,
    // Rows that are read are handed on within this time; a process that stands still must not hold back vacuum and DDL.
    `SET LOCAL idle_in_transaction_session_timeout = ${IDLE_MS}`,
    // One order for all, so that two readers and a DDL statement between them can not wait in a circle.
    ...(tables.length === 0 ? [] : [`LOCK TABLE ${[...tables].sort().join(', ')} IN ACCESS SHARE MODE`]),
  ].join('; ');
  return withClient(pool, async (client) => {
    const takenAt = performance.now();
    const reading = [client.query(begin), readRevision(client), read(client)] as const;
    const [, revision, result] = await allEnded(reading);
    await client.query('COMMIT');
    return { read: result, revision, takenAt };
  });
}

/** The revision of a snapshot that is taken now. */
export async function currentRevision(pool: Pool, statementTimeoutMs = 10_000): Promise<number> {
  const { revision } = await readSnapshot(pool, { tables: [], statementTimeoutMs }, () => Promise.resolve());
  return revision;
}

async function readRevision(client: ClientBase): Promise<number> {
  const { rows } = await client.query<RevisionRow>({ name: 'revision', text: REVISION });
  const row = rows[0] as RevisionRow;
  if (row.standby) throw new StandbyError();
  if (row.epoch === null) throw new EpochMissingError(row.cluster, row.timeline);
  return composeRevision(Number(row.epoch), Number(row.counter));
}
