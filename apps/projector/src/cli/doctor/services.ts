import type { Pool } from 'pg';
import { outboxTables, readOutboxState, type OutboxState } from '#outbox';
import { inEachService, serviceDatabases } from '../service-databases.js';
import { formatAge } from '../table.js';
import { fail, ok, skip, warn, type Finding } from './finding.js';
import { checkPostgres } from './postgres.js';
import { databaseAway } from './projection-database.js';
import { runChecks } from './run-checks.js';
import type { Scene } from './scene.js';

/** The services' own databases, as far as their variables name them here. */
export async function serviceFindings(scene: Scene): Promise<readonly Finding[]> {
  const variables = new Map(serviceDatabases().map(({ service, variable }) => [service, variable]));
  const services = await inEachService((pool, service) => checkService(pool, service, scene), {
    timeoutMs: scene.deadlineMs,
  });
  return services.flatMap((one) => {
    const variable = variables.get(one.service) ?? '';
    if ('seen' in one) return one.seen;
    // Without a cause nothing was tried.
    if (one.cause === undefined) return [skip(`${one.service}: reached`, one.unseen)];
    return [databaseAway(one.service, variable, one.unseen)];
  });
}

async function checkService(pool: Pool, service: string, scene: Scene): Promise<readonly Finding[]> {
  // First, so that a database that is away is said once.
  const server = await checkPostgres(pool, service);
  const remedy = `See the database of ${service}.`;
  const checks = [
    { what: `${service}: migrations`, remedy, run: () => checkTables(pool, service) },
    { what: `${service}: outbox`, remedy, run: () => checkOutbox(pool, service, scene) },
  ];
  return [...server, ...(await runChecks(checks, scene.deadlineMs))];
}

/** By the tables that the outbox's migrations make: what else a service migrates is its own matter. */
async function checkTables(pool: Pool, service: string): Promise<readonly Finding[]> {
  const what = `${service}: migrations`;
  const made = outboxTables.flatMap(({ name, sql }) =>
    [...sql.matchAll(/CREATE TABLE (\w+)/g)].map(([, table = '']) => ({ name, table })),
  );
  const { rows } = await pool.query<{ table: string }>(
    `SELECT "table" FROM unnest($1::text[]) AS wanted ("table") WHERE to_regclass("table") IS NULL`,
    [made.map(({ table }) => table)],
  );
  const missing = new Set(
    made.filter(({ table }) => rows.some((row) => row.table === table)).map(({ name }) => name),
  );
  return [
    missing.size === 0
      ? ok(what, 'the outbox’s tables are there')
      : fail(what, `it lacks the outbox’s ${[...missing].join(', ')}`, 'Run: npm run migrate'),
  ];
}

async function checkOutbox(
  pool: Pool,
  service: string,
  { patienceSeconds }: Scene,
): Promise<readonly Finding[]> {
  const { oldestSeconds: oldest, deadLetters, paused, relays } = await readOutboxState(pool);
  const late = oldest !== null && oldest > patienceSeconds && paused === null;
  const what = `${service}: outbox`;
  const finding = oldest === null ? 'empty' : `the oldest event waits for ${formatAge(oldest)}`;
  const remedy = `See the log of the app that hosts ${service}: its relay has to reach RabbitMQ.`;
  return [
    late ? warn(what, finding, remedy) : ok(what, finding),
    relayOf(service, relays, paused),
    ...(deadLetters === 0
      ? []
      : [
          warn(
            `${service}: outbox dead letters`,
            `${deadLetters} events were given up`,
            'npx prejoin outbox dead-letters list shows why; retry them when the cause is gone.',
          ),
        ]),
  ];
}

function relayOf(service: string, relays: OutboxState['relays'], paused: OutboxState['paused']): Finding {
  const what = `${service}: relay`;
  if (paused !== null)
    return warn(
      what,
      `paused since ${paused.since.toISOString()} by ${paused.by}`,
      `npx prejoin resume relay ${service}`,
    );
  const alive = relays.filter((one) => one.alive);
  if (alive.length === 0)
    return fail(
      what,
      'none is alive',
      `Start an app that hosts ${service} with RELAY=on: its events wait meanwhile.`,
    );
  return ok(what, alive.map(({ host, pid, state }) => `${host} ${pid} (${state})`).join(', '));
}
