import { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type pg from 'pg';
import { forPeople, newId, openPool, silentLogger, sleep } from '#kernel';
import { busNames, connectPublisher, eventTopology, type OutgoingMessage, type Publisher } from '#messaging';
import { elasticsearchIndex } from '#search';
import { checkoutFolder, startApp, untilReady, type RunningApp } from '../stack/apps.js';
import { dropFromBroker, dropIndices } from '../stack/clean-up.js';
import { bringUpServers, createDatabases, dropDatabases, randomPassword } from '../stack/index.js';
import { freePort } from '../stack/launch.js';
import { quantile, watchAppearance, type Appearance } from './appearance.js';
import { watchMemory } from './memory.js';
import { orderOf, orderPlaced, productRenamed } from './shop-events.js';
import { print } from './bench-space.js';

const PRODUCT = 'product-storm';
const ALIAS = 'order-search';
/** How long orders are placed before the first rename, for comparison. */
const QUIET_MS = 15_000;

interface Options {
  readonly orders: number;
  readonly renames: number;
  readonly everyMs: number;
  readonly rate: number;
  readonly processes: number;
}

interface World {
  readonly pool: pg.Pool;
  readonly publisher: Publisher;
  readonly projectors: readonly RunningApp[];
  readonly elasticsearchUrl: string;
  readonly indexPrefix: string;
}

const shown = (value: number): string => value.toFixed(2);

/** A product that very many orders have is renamed again and again while orders are placed. */
async function storm(world: World, options: Options): Promise<boolean> {
  const { pool, publisher } = world;
  await publish(publisher, [productRenamed(PRODUCT, 1, 'name 0')]);
  const preparedAt = performance.now();
  await placeAtOnce(pool, options.orders);
  await untilQuiet(pool);
  const seconds = (performance.now() - preparedAt) / 1_000;
  print(`${options.orders} orders of one product prepared and built in ${shown(seconds)} s`);

  const appearance = watchAppearance(world.elasticsearchUrl, `${world.indexPrefix}${ALIAS}`);
  const memory = world.projectors.map((projector) => watchMemory(projector.pid));
  const placing = new AbortController();
  const vacuumed = vacuumAsAutovacuumWould(pool, placing.signal);
  const placed = placeSteadily(publisher, appearance, options.rate, placing.signal);
  const quietAt = performance.now();
  await sleep(QUIET_MS);

  const stormAt = performance.now();
  for (let rename = 1; rename <= options.renames; rename++) {
    await publish(publisher, [productRenamed(PRODUCT, rename + 1, `name ${rename}`)]);
    if (rename < options.renames) await sleep(options.everyMs);
  }
  const lastAt = performance.now();
  await untilQuiet(pool);
  const doneAt = performance.now();
  placing.abort();
  const count = await placed;
  await vacuumed;
  while (appearance.missing > 0) await sleep(100);
  await appearance.stop();

  report('before the storm', appearance.between(quietAt, stormAt));
  report('in the storm', appearance.between(stormAt, doneAt));
  const third = (doneAt - stormAt) / 3;
  const spans = [quietAt, stormAt, stormAt + third, stormAt + 2 * third, doneAt] as const;
  for (const [at, watch] of memory.entries()) {
    watch.stop();
    const [quiet, begin, mid, end] = [0, 1, 2, 3].map((span) =>
      watch.peak(spans[span] ?? 0, spans[span + 1] ?? 0).toFixed(0),
    );
    print(
      `peak memory of projector ${at + 1}: ${quiet} MiB before, then ${begin}, ${mid} and ${end} MiB by thirds of the storm`,
    );
  }
  print(
    `the last name was everywhere ${shown((doneAt - lastAt) / 1_000)} s after the last of ${options.renames} renames`,
  );
  print(`documents of ${ALIAS} built since the start: ${await documentsBuilt(world.projectors)}`);
  return checkNames(world, options.orders + count, `name ${options.renames}`);
}

function report(when: string, seconds: readonly number[]): void {
  const [p50, p95, most] = [0.5, 0.95, 1].map((share) => shown(quantile(seconds, share)));
  print(
    `${seconds.length} orders placed ${when} could be found after p50 ${p50} s, p95 ${p95} s, at most ${most} s`,
  );
}

async function publish(publisher: Publisher, messages: readonly OutgoingMessage[]): Promise<void> {
  const outcomes = await publisher.publish(messages);
  if (outcomes.some(({ kind }) => kind !== 'confirmed')) throw new Error('The broker did not take an event.');
}

/** Straight into the copies, as if their events had been applied. */
async function placeAtOnce(pool: pg.Pool, orders: number): Promise<void> {
  for (let from = 0; from < orders; from += 10_000) {
    const states = Array.from({ length: Math.min(10_000, orders - from) }, (_, at) =>
      orderOf(newId(), `customer-${(from + at) % 1_000}`, PRODUCT),
    );
    await pool.query(
      `INSERT INTO copy_order (id, epoch, version, deleted, occurred_at, event_id, data)
       SELECT state ->> 'id', 0, 1, false, now(), state ->> 'id', state
       FROM unnest($1::json[]) AS state`,
      [states.map((state) => JSON.stringify(state))],
    );
  }
}

/** Places orders at a steady rate, whatever the answers take, and returns how many. */
async function placeSteadily(
  publisher: Publisher,
  appearance: Appearance,
  rate: number,
  signal: AbortSignal,
): Promise<number> {
  const beganAt = performance.now();
  let placed = 0;
  while (!signal.aborted) {
    const due = Math.floor(((performance.now() - beganAt) / 1_000) * rate) - placed;
    const states = Array.from({ length: due }, () => orderOf(newId(), 'customer-1', PRODUCT));
    for (const { id } of states) appearance.expect(id);
    await publish(publisher, states.map(orderPlaced));
    placed += due;
    await sleep(1_000 / rate, signal);
  }
  return placed;
}

/** Until nothing waits but what the orders that are still being placed have just caused. */
/** No bulk marks, and no direct ones of before; those of the product itself rest between its builds. */
async function untilQuiet(pool: pg.Pool): Promise<void> {
  for (;;) {
    await sleep(200);
    const { rows } = await pool.query<{ waits: boolean }>(
      `SELECT EXISTS (SELECT FROM fan_out UNION ALL SELECT FROM fan_out_job) OR EXISTS (
         SELECT FROM mark
         WHERE view = '${ALIAS}' AND (priority = 1 OR created_at < now() - interval '2 seconds')) AS waits`,
    );
    const applied = await pool.query('SELECT FROM copy_product');
    if (rows[0]?.waits === false && (applied.rowCount ?? 0) > 0) return;
  }
}

/** A server for development may have autovacuum off; figures of a queue that nobody cleans say nothing about one in use. */
async function vacuumAsAutovacuumWould(pool: pg.Pool, signal: AbortSignal): Promise<void> {
  const { rows } = await pool.query<{ autovacuum: string }>('SHOW autovacuum');
  while (rows[0]?.autovacuum === 'off' && !signal.aborted) {
    for (const table of ['mark', 'fan_out', 'fan_out_job']) await pool.query(`VACUUM ${table}`);
    await sleep(5_000, signal);
  }
}

async function documentsBuilt(projectors: readonly RunningApp[]): Promise<number> {
  let built = 0;
  for (const { url } of projectors) {
    const text = await (await fetch(`${url}/metrics`)).text();
    const ofView = new RegExp(
      `^prejoin_projector_documents_total\\{(?=[^}]*view="${ALIAS}")(?=[^}]*result="built")[^}]*\\} (\\d+)`,
      'm',
    );
    built += Number(ofView.exec(text)?.[1] ?? 0);
  }
  return built;
}

/** Whether every order's document is there and has the name. */
async function checkNames(
  { elasticsearchUrl, indexPrefix }: World,
  orders: number,
  name: string,
): Promise<boolean> {
  const index = elasticsearchIndex({ node: elasticsearchUrl, logger: silentLogger });
  const names = new Map<string, number>();
  try {
    await index.refresh(`${indexPrefix}${ALIAS}`);
    for (let after: string | null = null; ;) {
      const page = await index.scan(`${indexPrefix}${ALIAS}`, after, 5_000);
      for (const { source } of page) {
        const { lines } = JSON.parse(source) as { lines: { product: { name: string } | null }[] };
        const found = lines[0]?.product?.name ?? 'none';
        names.set(found, (names.get(found) ?? 0) + 1);
      }
      after = page.at(-1)?.id ?? null;
      if (after === null) break;
    }
  } finally {
    await index.close();
  }
  print(`names in the documents of ${orders} orders: ${JSON.stringify(Object.fromEntries(names))}`);
  return names.size === 1 && names.get(name) === orders;
}

/** Runs a storm on databases, queues and an index of its own, which it drops. @returns whether the last name won */
async function main(options: Options): Promise<boolean> {
  const servers = await bringUpServers({ log: (line) => print(`  ${line}`), holder: 'bench' });
  const prefix = `bench_${randomBytes(4).toString('hex')}`;
  const bus = busNames(prefix);
  const database = `${prefix}_projection`;
  const urls = await createDatabases(servers.urls.postgres, [{ name: database, password: randomPassword() }]);
  const env = {
    PROJECTION_DATABASE_URL: urls[database] ?? '',
    RABBITMQ_URL: servers.urls.rabbitmq,
    ELASTICSEARCH_URL: servers.urls.elasticsearch,
    BUS_PREFIX: prefix,
    INDEX_PREFIX: `${prefix}-`,
    LOG_LEVEL: 'warn',
  };
  const pool = openPool({ connectionString: env.PROJECTION_DATABASE_URL, max: 3 });
  const publisher = connectPublisher({
    url: env.RABBITMQ_URL,
    exchange: bus.events,
    topology: eventTopology(prefix),
    logger: silentLogger,
  });
  const projectors: RunningApp[] = [];
  try {
    for (let at = 0; at < options.processes; at++) {
      const projector = startApp('projector', {
        port: await freePort(),
        env,
        logFolder: join(checkoutFolder, '.prejoin/logs'),
      });
      projectors.push(projector);
      await untilReady(projector);
    }
    const { elasticsearch: elasticsearchUrl } = servers.urls;
    return await storm({ pool, publisher, projectors, elasticsearchUrl, indexPrefix: `${prefix}-` }, options);
  } finally {
    await publisher.close();
    await Promise.all(projectors.map((projector) => projector.stop()));
    await pool.end();
    await dropIndices(servers.urls.elasticsearch, prefix);
    await dropFromBroker(servers.urls.rabbitmq, {
      exchanges: [bus.events, bus.deadLetterExchange],
      queues: [bus.projectorQueue, bus.deadLetterQueue],
    });
    await dropDatabases(servers.urls.postgres, `${prefix}_`);
    await servers.release();
  }
}

const program = new Command('npm run bench:rename --')
  .description('A product that many orders have is renamed again and again while orders are placed.')
  .option('--orders <count>', 'orders that have the product before the storm', Number, 200_000)
  .option('--renames <count>', 'how often it is renamed', Number, 5)
  .option('--every-ms <ms>', 'the time between two renames', Number, 2_000)
  .option('--rate <count>', 'orders that are placed a second', Number, 50)
  .option('--processes <count>', 'projectors', Number, 1)
  .parse();

try {
  const right = await main(program.opts<Options>());
  print(right ? 'Every document has the last name.' : 'Documents are missing or have an older name.');
  process.exitCode = right ? 0 : 1;
} catch (error) {
  process.stderr.write(forPeople(error));
  process.exitCode = 1;
}
