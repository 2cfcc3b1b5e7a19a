import type { Command } from 'commander';
import { PrejoinError } from '#kernel';
import { sources } from '#domains';
import { connectRequester } from '#messaging';
import { grouped } from '../output.js';
import type { Projection } from '../../projection.js';
import { ExitWith } from '../exit-with.js';
import { ownedSources, type OwnedSource } from '../sources/owned-sources.js';
import { formatRepairs, mendAudited } from '../sources/repair-sources.js';
import { withServices } from '../sources/verify-sources.js';
import { formatTable } from '../table.js';
import { UsageError } from '../usage-error.js';
import { interrupted, withProjection } from '../with-projection.js';
import { resyncSource, type ResyncChoice, type SourceResult } from './resync-source.js';

const help = `
Asks the service that owns a source to publish all its aggregates again, through its outbox and at their current
versions, waits until the projector has applied them, and has the service delete the copies of what it no longer has.
Commands go on meanwhile. Ctrl-C ends the watching alone: a service goes on by itself, and the same command joins it.

Use it when the projection database is empty or lost (--all), when its epoch was raised, and with --raise-epoch when a
service's own database was restored to an older state: its versions went back, and only a higher epoch makes them count.

Examples:
  $ npx prejoin resync --all
  $ npx prejoin resync product stock --json
  $ npx prejoin resync order --raise-epoch
  $ npx prejoin resync order --id 019a3c7e-1f00-7000-8000-000000000001`;

interface ResyncOptions {
  readonly all?: boolean;
  readonly raiseEpoch?: boolean;
  readonly keepMissing?: boolean;
  readonly id?: readonly string[];
  readonly json?: boolean;
}

/** `prejoin resync`. */
export function addResyncCommand(program: Command): void {
  program
    .command('resync')
    .argument('[sources...]', 'the sources, by their names')
    .description('Have services publish their aggregates again, and remove copies that they no longer have.')
    .option('--all', 'every source that is declared')
    .option('--raise-epoch', 'first raise the source epoch above all copies: the service was restored')
    .option('--keep-missing', 'leave copies alone that the service no longer has')
    .option('--id <id...>', 'of one source these aggregates alone')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((names: readonly string[], options: ResyncOptions) =>
      options.id === undefined ? resync(names, options) : resyncSome(names, options),
    );
}

async function resync(names: readonly string[], options: ResyncOptions): Promise<void> {
  const chosen = chooseSources(names, options.all ?? false);
  await withProjection(async (projection) => {
    const { RABBITMQ_URL, BUS_PREFIX } = projection.config;
    const requester = await connectRequester({ url: RABBITMQ_URL, busPrefix: BUS_PREFIX });
    try {
      const deps = {
        pool: projection.openPool(2),
        requester,
        busPrefix: BUS_PREFIX,
        stream: process.stderr,
        signal: interrupted(),
        repeatMs: 5_000,
        giveUpMs: 30_000,
      };
      const choice: ResyncChoice = {
        raiseEpoch: options.raiseEpoch ?? false,
        keepMissing: options.keepMissing ?? false,
      };
      const results: SourceResult[] = [];
      await refuseMissingTables(projection);
      for (const { name, owner } of chosen) results.push(await resyncSource(name, owner, choice, deps));
      process.stdout.write(
        `${options.json === true ? JSON.stringify(results, null, 2) : formatResults(results)}\n`,
      );
      refuseIncomplete(results);
    } finally {
      await requester.close();
    }
  });
}

function chooseSources(names: readonly string[], all: boolean): readonly OwnedSource[] {
  if (all === names.length > 0)
    throw new UsageError('sources_not_chosen', 'Say which sources, or --all.', {
      remedy: `The sources are: ${sources.map(({ name }) => name).join(', ')}.`,
    });
  return ownedSources(names);
}

/** `--id`: some aggregates of one source. @throws {ExitWith} 1 when some are left */
async function resyncSome(
  names: readonly string[],
  { id: ids = [], ...options }: ResyncOptions,
): Promise<void> {
  if (names.length !== 1 || options.all === true || options.raiseEpoch === true)
    throw new UsageError(
      'one_source_needed',
      'With --id, name one source, and neither --all nor --raise-epoch.',
      {
        remedy: 'For example: npx prejoin resync order --id 019a3c7e-1f00-7000-8000-000000000001',
      },
    );
  const [source] = ownedSources(names);
  await withProjection((projection) =>
    withServices(projection, async (requester) => {
      const comparing = { projection, requester, pool: projection.openPool(2), signal: interrupted() };
      const mended = await mendAudited(comparing, source!, [...new Set(ids)], 'resync');
      const result = { ...source!, ...mended, unknown: 0 };
      process.stdout.write(
        `${options.json === true ? JSON.stringify(result, null, 2) : formatRepairs([result], 100)}\n`,
      );
      if (mended.left.length > 0) throw new ExitWith(1);
    }),
  );
}

/** A projection database that is new has no tables, and what is published would wait for them. */
async function refuseMissingTables(projection: Projection): Promise<void> {
  const { rows } = await projection
    .openPool(1)
    .query<{ stands: boolean }>(`SELECT to_regclass('generation') IS NOT NULL AS stands`);
  if (rows[0]?.stands === true) return;
  throw new PrejoinError('projection_not_migrated', 'The projection database has no tables.', {
    remedy: 'Start a projector, or run `npm run migrate`, and run this command again.',
  });
}

function formatResults(results: readonly SourceResult[]): string {
  return formatTable(
    ['SOURCE', 'EPOCH', 'PUBLISHED', 'CHECKED', 'REMOVED'],
    results.map(({ source, epoch, published, checked, removed }) => [
      source,
      `${epoch}`,
      grouped(published),
      grouped(checked),
      grouped(removed),
    ]),
  );
}

function refuseIncomplete(results: readonly SourceResult[]): void {
  const restored = results.filter(({ ahead }) => ahead > 0);
  if (restored.length > 0) {
    const which = restored.map(({ source, ahead }) => `${ahead} copies of ${source}`).join(', ');
    const names = restored.map(({ source }) => source).join(' ');
    throw new PrejoinError('copies_ahead', `${which} are newer than what their service has.`, {
      remedy: `Its database was restored to an older state. Run: npx prejoin resync ${names} --raise-epoch`,
    });
  }
  const missing = results.filter(({ notApplied }) => notApplied > 0);
  if (missing.length === 0) return;
  const which = missing.map(({ source, notApplied }) => `${notApplied} of ${source}`).join(', ');
  throw new PrejoinError('not_applied', `Published, and not applied by the projector: ${which}.`, {
    remedy: 'See why: npx prejoin dead-letters list. And look that a projector runs.',
  });
}
