import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { ConfigError, createLogger, forPeople } from '#kernel';
import {
  formatResult,
  rebuildView,
  ViewUnknownError,
  type RebuildCommandOptions,
} from './cli/rebuild.command.js';
import { formatStatus, readStatus } from './cli/status.command.js';
import { listViews } from './cli/views.command.js';
import { readProjectionConfig } from './config.js';
import { openProjection, type Projection } from './projection.js';

const help = `
Exit codes:
  0  done
  1  refused or failed; the reason and what can be done about it are printed
  2  bad use or configuration

Configuration: environment variables, as docs/configuration.md lists them; in a checkout also .prejoin/stack.env.

Examples:
  $ npx prejoin views
  $ npx prejoin status --json
  $ npx prejoin rebuild order-search
  $ npx prejoin rebuild order-search --keep-hours 1 2>rebuild.log`;

/** Runs one command line (without node and script) and returns its exit code. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    await commands().parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has printed its own; its code is 0 for --help and --version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(forPeople(error));
    return error instanceof ConfigError || error instanceof ViewUnknownError ? 2 : 1;
  }
}

function commands(): Command {
  const program = new Command('prejoin')
    .description('Views of a Prejoin installation: what they are, how they do, and building them anew.')
    .exitOverride()
    .showHelpAfterError('(prejoin --help shows what can be done)')
    .addHelpText('after', help);
  program
    .command('views')
    .description('List the views that the code declares; asks no server.')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) => print(listViews(options)));
  program
    .command('status')
    .description('Show generations, indices, documents, what waits, and dead letters.')
    .option('--json', 'print JSON')
    .action((options: { json?: boolean }) =>
      withProjection(async (projection) => {
        const status = await readStatus(projection, projection.openPool(2));
        print(options.json === true ? JSON.stringify(status, null, 2) : formatStatus(status));
      }),
    );
  program
    .command('rebuild')
    .argument('<view>', 'the view, as "prejoin views" lists it')
    .description(
      'Build a view anew beside the live index and swap it in when it is complete; readers notice nothing.',
    )
    .option('--accept-refused', 'swap even if the new index refuses documents that the live one holds')
    .option('--keep-hours <hours>', 'how long the old index is kept current for a rollback', hours, 24)
    .option('--chunk <roots>', 'roots that are read and sent at once', positiveInteger, 1_000)
    .action((view: string, options: RebuildCommandOptions) =>
      withProjection(async (projection) => {
        const result = await rebuildView(projection, view, options, interrupted());
        print(formatResult(view, result, options.keepHours));
      }),
    );
  return program;
}

async function withProjection(work: (projection: Projection) => Promise<void>): Promise<void> {
  const config = readProjectionConfig();
  // Standard output is the command's answer, and what is shown on a terminal should not be torn by everyday lines.
  const logger = createLogger(
    'prejoin',
    config.LOG_LEVEL === 'info' ? 'warn' : config.LOG_LEVEL,
    process.stderr,
  );
  const projection = openProjection(config, logger);
  try {
    await work(projection);
  } finally {
    await projection.close();
  }
}

/** Aborts at the first Ctrl-C or SIGTERM; the second ends the process as ever. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
  return controller.signal;
}

function hours(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || value > 8_760)
    throw new InvalidArgumentError('Give hours from 0 to 8760.');
  return value;
}

function positiveInteger(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('Give a whole number from 1 to 99999.');
  return Number(text);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
