import type { Pool, PoolClient } from 'pg';
import { routesOf, type Plan } from '#views';
import { withClient } from '../revision/client.js';
import { unquotedName } from '../schema/names.js';
import { sourceTriggers } from './trigger-sql.js';
import { unionOfRoutes } from './trigger-routes.js';
import { currentSchema, keyShapes } from './triggers.js';

/** What is not as it has to be among the triggers of the copies; empty in health. */
export interface TriggerFaults {
  /** Sources of which a trigger that marks, or one that guards the copy, is not there. */
  readonly missing: readonly string[];
  /** Triggers that are there and do not run, as `table.trigger`. */
  readonly disabled: readonly string[];
  /** Sources that have no copy at all. */
  readonly withoutCopy: readonly string[];
  /** Whether triggers run in this database for this role at all (session_replication_role). */
  readonly sessionRole: string;
}

const OPERATIONS = ['insert', 'update', 'delete'];
/** What every copy has besides (copies/copy-table.ts, copies/row-facts.ts). */
export const guardTriggers: readonly string[] = [
  'prejoin_refuse_truncate',
  'prejoin_refuse_new_id',
  'prejoin_keep_erased',
  'prejoin_keep_tombstone',
  'prejoin_note_applied',
];

/**
 * Looks whether every copy of `sources` has the triggers that the generations of the database need, under the names that
 * they have now, and whether all of them run.
 */
export function inspectTriggers(pool: Pool, sources: readonly string[]): Promise<TriggerFaults> {
  return withClient(pool, async (client) => {
    const schema = await currentSchema(client);
    const standing = await standingTriggers(client, schema);
    const wanted = await wantedTriggers(client, schema);
    const tables = await copies(client, schema);
    const role = await client.query<{ role: string }>(
      `SELECT current_setting('session_replication_role') AS role`,
    );
    const copied = sources.filter((source) => tables.has(unquotedName(`copy_${source}`)));
    const has = (source: string, trigger: string): boolean =>
      standing.some((one) => one.table === unquotedName(`copy_${source}`) && one.trigger === trigger);
    return {
      missing: copied.filter(
        (source) => ![...guardTriggers, ...(wanted.get(source) ?? [])].every((one) => has(source, one)),
      ),
      disabled: standing.filter(({ enabled }) => !enabled).map(({ table, trigger }) => `${table}.${trigger}`),
      withoutCopy: sources.filter((source) => !copied.includes(source)),
      sessionRole: role.rows[0]?.role ?? 'origin',
    };
  });
}

/** The names of the triggers that mark, by source. */
async function wantedTriggers(
  client: PoolClient,
  schema: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await client.query<{ plan: Plan }>(`SELECT plan FROM generation WHERE state <> 'retired'`);
  const union = unionOfRoutes(
    rows.map((row) => row.plan),
    routesOf,
  );
  const shapes = await keyShapes(client, schema);
  return new Map(
    [...union].map(([source, routes]) => {
      const { name } = sourceTriggers(schema, source, routes, shapes);
      return [source, OPERATIONS.map((operation) => unquotedName(`${name}_${operation}`))];
    }),
  );
}

interface StandingTrigger {
  readonly table: string;
  readonly trigger: string;
  readonly enabled: boolean;
}

async function standingTriggers(client: PoolClient, schema: string): Promise<readonly StandingTrigger[]> {
  const { rows } = await client.query<StandingTrigger>(
    // 'O' runs for ordinary sessions, 'A' for all; 'D' and 'R' do not run for those who write copies.
    `SELECT c.relname AS "table", t.tgname AS trigger, t.tgenabled IN ('O', 'A') AS enabled
     FROM pg_trigger t
     JOIN pg_class c ON c.oid = t.tgrelid
     WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal
       AND starts_with(t.tgname, 'prejoin_')
     ORDER BY 1, 2`,
    [schema],
  );
  return rows;
}

async function copies(client: PoolClient, schema: string): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relnamespace = $1::regnamespace AND relkind = 'r' AND starts_with(relname, 'copy_')`,
    [schema],
  );
  return new Set(rows.map(({ name }) => name));
}
