import type { Command } from 'commander';
import { print } from '../output.js';
import { quantity } from '../arguments.js';
import { withBriefAccess } from '../brief-access.js';
import { ExitWith } from '../exit-with.js';
import { interrupted, withProjection } from '../with-projection.js';
import { formatStatus } from './format-status.js';
import { readStatus, type Status } from './read-status.js';
import { watch } from './watch.js';

const help = `
Lag and rate are of the last minute: from the event to the answer of the index, and documents built by all projectors.
OLDEST is how long the oldest mark of the view has waited.
What can not be seen is a question mark, with its reason below, and the exit code is then 2; a service whose database is
not named by its variable (<SERVICE>_DATABASE_URL) is said to be not seen, and does not change the exit code.

Examples:
  $ npx prejoin status
  $ npx prejoin status --watch
  $ npx prejoin status --json | jq '.views[] | select(.lagP99 > 5)'
  $ npx prejoin status --watch --json >> status.ndjson`;

interface StatusOptions {
  readonly json?: boolean;
  readonly watch?: boolean;
  readonly every: number;
}

/** `prejoin status`. */
export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('Show what is served and how far behind it is, what waits, and what could not be done.')
    .option('--watch', 'show it again and again, until Ctrl-C')
    .option(
      '--every <seconds>',
      'how often with --watch',
      quantity('seconds', { least: 0.2, most: 3_600 }),
      2,
    )
    .option('--json', 'print JSON; with --watch one line each time')
    .addHelpText('after', help)
    .action((options: StatusOptions) =>
      withProjection((projection) =>
        withBriefAccess(projection, async (access) => {
          if (options.watch === true)
            await watch({
              screen: process.stdout,
              read: async () => watched(await readStatus(projection, access), options),
              everyMs: options.every * 1_000,
              signal: interrupted(),
            });
          else {
            const status = await readStatus(projection, access);
            print(options.json === true ? JSON.stringify(status, null, 2) : formatStatus(status));
            if (status.unseen.some(({ expected }) => !expected)) throw new ExitWith(2);
          }
        }),
      ),
    );
}

function watched(status: Status, { json }: StatusOptions): string {
  return json === true
    ? JSON.stringify(status)
    : `${status.environment}, ${status.at}\n\n${formatStatus(status)}`;
}
