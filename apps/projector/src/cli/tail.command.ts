import { once } from 'node:events';
import type { Command } from 'commander';
import { createLogger, PrejoinError, sleep } from '#kernel';
import { tailEvents, type Envelope, type TailedEvent } from '#messaging';
import { grouped } from './output.js';
import { readCliConfig, type CliConfig } from '../config.js';
import { visible } from './dead-letters/visible.js';
import { ExitWith } from './exit-with.js';
import { ownedSources } from './sources/owned-sources.js';
import { describeTarget, interrupted } from './with-projection.js';

interface TailCommandOptions {
  readonly id?: string;
  readonly full?: boolean;
  readonly json?: boolean;
}

const help = `
Events are shown as they are published: time, name, source, aggregate, version, epoch, size and event id. It reads from a
queue of its own, so no projector misses one, and needs the broker alone. A terminal that is too slow loses the oldest of
what waits, and is told how many. Ctrl-C ends it.

Examples:
  $ npx prejoin tail
  $ npx prejoin tail order payment
  $ npx prejoin tail customer --id 019a3c7e-1f00-7000-8000-000000000001 --full
  $ npx prejoin tail --json | jq .data`;

/** `prejoin tail [sources...]`. */
export function addTailCommand(program: Command): void {
  program
    .command('tail')
    .argument('[sources...]', 'the sources whose events are shown; all unless told')
    .description('Show events as services publish them, one line each.')
    .option('--id <id>', 'those of the aggregate with this id alone')
    .option('--full', 'with the state that each carries')
    .option('--json', 'print the envelope of each as one line of JSON')
    .addHelpText('after', help)
    .action((names: readonly string[], options: TailCommandOptions) => {
      if (names.length > 0) ownedSources(names);
      return tail(names, options);
    });
}

const patienceMs = 10_000;

async function tail(sources: readonly string[], options: TailCommandOptions): Promise<void> {
  const config = readCliConfig();
  process.stderr.write(`${describeTarget(config)}\n`);
  const signal = interrupted();
  const dropped = countDropped();
  const running = tailEvents({
    url: config.RABBITMQ_URL,
    busPrefix: config.BUS_PREFIX,
    sources,
    logger: createLogger('prejoin', config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL, process.stderr),
    onEvent: (event) => show(event, options),
    onGap: (gap) => {
      if ('dropped' in gap) dropped.add(gap.dropped);
      else process.stderr.write('The broker was away: events of the meantime are not shown.\n');
    },
  });
  try {
    await untilOpen(() => running.state === 'open', config, signal);
    while (!signal.aborted) {
      await sleep(1_000, signal);
      dropped.tell();
    }
  } finally {
    await running.close();
    dropped.tell();
  }
}

/** @throws {ExitWith} 2 when the broker is not there at the beginning; later it is waited for */
async function untilOpen(
  isOpen: () => boolean,
  { RABBITMQ_URL }: CliConfig,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + patienceMs;
  while (!isOpen() && !signal.aborted) {
    if (performance.now() >= until)
      throw new ExitWith(
        2,
        new PrejoinError('broker_away', `The broker at ${new URL(RABBITMQ_URL).host} does not answer.`, {
          remedy: 'Check RABBITMQ_URL and that the server runs.',
        }),
      );
    await sleep(50, signal);
  }
  if (!signal.aborted) process.stderr.write('Waiting for events; Ctrl-C ends it.\n');
}

/** Told once a second at most, since they come by thousands. */
function countDropped(): { add(count: number): void; tell(): void } {
  let count = 0;
  return {
    add: (more) => void (count += more),
    tell: () => {
      if (count > 0) process.stderr.write(`${grouped(count)} events were dropped: too slow.\n`);
      count = 0;
    },
  };
}

/** Resolves when the reader of standard output has room again. */
async function show(event: TailedEvent, options: TailCommandOptions): Promise<void> {
  const { id, json, full } = options;
  const line =
    'fault' in event ? faultLine(event, json) : eventLine(event.envelope, event.bytes, { json, full });
  if (id !== undefined && (!('envelope' in event) || event.envelope.aggregateId !== id)) return;
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain');
}

function faultLine(
  {
    fault,
    routingKey,
    bytes,
  }: { readonly fault: string; readonly routingKey: string; readonly bytes: number },
  json: boolean | undefined,
): string {
  if (json === true) return JSON.stringify({ fault, routingKey, bytes });
  return visible(`no event  ${routingKey}  ${bytes} B  ${fault}`);
}

function eventLine(
  envelope: Envelope,
  bytes: number,
  { json, full }: Pick<TailCommandOptions, 'json' | 'full'>,
): string {
  if (json === true) return JSON.stringify(envelope);
  const { occurredAt, name, source, aggregateId, version, epoch, deleted, id, data } = envelope;
  const line = [
    occurredAt,
    name,
    source,
    aggregateId,
    `version ${version}`,
    `epoch ${epoch}`,
    `${bytes} B`,
    id,
    ...(deleted ? ['deleted'] : []),
  ].join('  ');
  return visible(full === true && data !== null ? `${line}  ${JSON.stringify(data)}` : line);
}
