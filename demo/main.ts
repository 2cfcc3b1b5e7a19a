import { join } from 'node:path';
import { forPeople, showProgress } from '#kernel';
import { busNames, requestQueue } from '#messaging';
import { checkoutFolder } from '../stack/apps.js';
import { bringUp, bringUpServers, databaseNames, dropDatabases } from '../stack/index.js';
import type { ServerUrls } from '../stack/servers.js';
import { dropFromBroker, dropIndices } from '../stack/clean-up.js';
import { isRight, untilRight, type CheckResult } from './check.js';
import { makeDataSet, type Chain } from './data-set.js';
import { lendEnvFile } from './env-file.js';
import { installation, migrate, type Installation } from './installation.js';
import { demoHelp, readDemoOptions, type DemoOptions } from './options.js';
import { demoPorts } from './ports.js';
import { askQuestions } from './queries.js';
import { sendChains } from './send.js';
import { newWorld, type World } from './world.js';

const prefixes = { databases: 'demo_', bus: 'prejoin-demo', indices: 'demo-' };
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** The whole of Prejoin on one machine, from nothing to answers. @returns the exit code */
async function demo(options: DemoOptions, stopped: AbortSignal): Promise<number> {
  const log = (line: string): void => print(`  ${line}`);
  const ports = await demoPorts(process.env);
  const servers = await bringUpServers({ log, holder: 'demo' });
  try {
    await clearAway(servers.urls);
    const stack = await bringUp({ log: () => undefined, databasePrefix: prefixes.databases, holder: 'demo' });
    const env = { ...stack.env, BUS_PREFIX: prefixes.bus, INDEX_PREFIX: prefixes.indices };
    await migrate(env);
    print('  Databases, roles, tables, triggers and the first index are made');
    const apps = installation({
      env,
      ports,
      logFolder: join(checkoutFolder, '.prejoin/logs'),
    });
    const restore = lendEnvFile(join(checkoutFolder, '.prejoin/stack.env'), env);
    try {
      return await run(apps, options, stopped);
    } finally {
      restore();
      print('\nStopping the apps');
      await apps.stopAll();
      await stack.stop();
    }
  } finally {
    await servers.release();
  }
}

/** Drops what an earlier demo left. All names of the demo begin with its own prefixes, so nothing else is touched. */
async function clearAway(urls: ServerUrls): Promise<void> {
  const bus = busNames(prefixes.bus);
  await dropIndices(urls.elasticsearch, prefixes.indices);
  await dropFromBroker(urls.rabbitmq, {
    exchanges: [bus.events, bus.deadLetterExchange],
    queues: [
      bus.projectorQueue,
      bus.deadLetterQueue,
      ...databaseNames.map((name) => requestQueue(prefixes.bus, name)),
    ],
  });
  await dropDatabases(urls.postgres, prefixes.databases);
}

async function run(apps: Installation, { size, once }: DemoOptions, stopped: AbortSignal): Promise<number> {
  const startedAt = performance.now();
  await apps.startAll();
  print(
    `  command-api, projector and query-api are ready (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)\n`,
  );

  const world = newWorld();
  const data = makeDataSet(size);
  await sendPhase('Customers and products', data.people, apps, world, stopped);
  await sendPhase('Orders, payments, shipments', data.trade, apps, world, stopped);
  await sendPhase('Renames, prices, deletions', data.changes, apps, world, stopped);
  if (stopped.aborted) return 130;

  const result = await waitForDocuments(apps, world, stopped);
  if (stopped.aborted) return 130;
  await askQuestions(apps.queryUrl, print);
  printAddresses(apps);
  if (once) return isRight(result) ? 0 : 1;

  print('\nUp until Ctrl-C.');
  await new Promise<void>((resolve) => {
    if (stopped.aborted) resolve();
    stopped.addEventListener('abort', () => resolve(), { once: true });
  });
  return isRight(result) ? 0 : 1;
}

async function sendPhase(
  label: string,
  chains: readonly Chain[],
  { commandUrl }: Installation,
  world: World,
  signal: AbortSignal,
): Promise<void> {
  const total = chains.reduce((sum, chain) => sum + chain.length, 0);
  const progress = showProgress({ label: label.padEnd(28), unit: 'commands', stream: process.stdout });
  const onSent = (sent: number): void => progress.update(sent, total);
  await sendChains(chains, {
    baseUrl: commandUrl,
    concurrency: 16,
    patienceMs: 10_000,
    world,
    onSent,
    signal,
  });
  progress.finish();
}

async function waitForDocuments(
  { queryUrl }: Installation,
  world: World,
  signal: AbortSignal,
): Promise<CheckResult> {
  const startedAt = performance.now();
  const result = await untilRight(world, queryUrl, { deadlineMs: 120_000, signal });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const { right, missing, extra, different } = result;
  print(
    isRight(result)
      ? `\nAll documents are served, joined and correct, ${seconds} s after the last command: ${counted(right)}.`
      : `\nAfter ${seconds} s: right ${counted(right)}; ${missing.length} missing, ${extra.length} extra, ${different.length} different.`,
  );
  for (const sample of different.slice(0, 3)) print(JSON.stringify(sample, undefined, 2));
  return result;
}

function counted(right: CheckResult['right']): string {
  return Object.entries(right)
    .map(([view, count]) => `${view} ${count.toLocaleString('en')}`)
    .join(', ');
}

function printAddresses({ commandUrl, queryUrl, projectorUrl }: Installation): void {
  print(`
  command API   ${commandUrl}   docs ${commandUrl}/docs
  query API     ${queryUrl}   docs ${queryUrl}/docs   try ${queryUrl}/views/order-search?q=steel
  projector     ${projectorUrl}   metrics ${projectorUrl}/metrics
  logs          .prejoin/logs/
  command line  npx prejoin status   npx prejoin rebuild order-search`);
}

async function main(args: readonly string[]): Promise<number> {
  const options = readDemoOptions(args);
  if (options === 'help') {
    print(demoHelp);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      stop.abort();
      // The second one ends the demo and its apps at once.
      process.once(signal, () => process.exit(130));
    });
  }
  return demo(options, stop.signal);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(forPeople(error));
  process.exitCode = 1;
}
