import type { Command } from 'commander';
import {
  discardDeadLetters,
  listDeadLetters,
  readOutboxState,
  retryDeadLetters,
  type DeadLetterChoice,
} from '#outbox';
import { audited } from '#projection';
import { wholeNumber } from '../arguments.js';
import { confirmName } from '../confirm.js';
import { ExitWith } from '../exit-with.js';
import { inEachService, serviceDatabases, type Seen } from '../service-databases.js';
import { UsageError } from '../usage-error.js';
import { withProjection, type CliProjection } from '../with-projection.js';
import { formatLetters, formatOutboxes } from './format-outboxes.js';

const help = `
Each service has an outbox in its own database, named by <SERVICE>_DATABASE_URL; one that is not set is not looked at. A
dead letter of an outbox is an event that its relay has given up: too often no queue took it, or the broker refused it. Its
copies are stale until it is retried or a newer event of the same aggregate comes.

Exit codes:
  0  done; services that are not configured here are named
  1  refused, or some of the dead letters are not there
  2  bad use, a service's database could not be looked at, or none is configured

Examples:
  $ npx prejoin outbox status
  $ npx prejoin outbox dead-letters list orders
  $ npx prejoin outbox dead-letters retry orders 42 43
  $ npx prejoin outbox dead-letters discard orders 42 --yes`;

interface Json {
  readonly json?: boolean;
}

/** `prejoin outbox status` and `prejoin outbox dead-letters list|retry|discard`. */
export function addOutboxCommands(program: Command): void {
  const outbox = program
    .command('outbox')
    .description('The outboxes of the services: what waits, who publishes it, and what was given up.')
    .addHelpText('after', help);
  outbox
    .command('status')
    .argument('[services...]', 'the services; all unless told')
    .description('Show what waits in each outbox, its relays, pauses and dead letters.')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((services: readonly string[], { json }: Json) =>
      withProjection(async () => {
        print(await lookInto(services, (pool) => readOutboxState(pool)), json, formatOutboxes);
      }),
    );
  const letters = outbox
    .command('dead-letters')
    .description('List, retry and discard the events that relays have given up.')
    .addHelpText('after', help);
  letters
    .command('list')
    .argument('[services...]', 'the services; all unless told')
    .description('List the events that relays have given up, oldest first.')
    .option('--limit <letters>', 'how many of each service', wholeNumber(), 50)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((services: readonly string[], { json, limit }: Json & { readonly limit: number }) =>
      withProjection(async () => {
        print(await lookInto(services, (pool) => listDeadLetters(pool, limit)), json, formatLetters);
      }),
    );
  addChange(letters, 'retry', 'Put dead letters back into the outbox, with all their attempts before them.');
  addChange(letters, 'discard', 'Delete dead letters for good: their events will never be published.');
}

interface ChangeOptions extends Json {
  readonly all?: boolean;
  readonly yes?: boolean;
}

function addChange(letters: Command, what: 'retry' | 'discard', description: string): void {
  const command = letters
    .command(what)
    .argument('<service>', 'whose outbox')
    .argument('[numbers...]', 'the dead letters, as list shows them', addNumber)
    .description(description)
    .option('--all', 'all that there are')
    .option('--json', 'print JSON')
    .addHelpText('after', help);
  if (what === 'discard') command.option('--yes', 'do not ask for the name of the service to be typed');
  command.action((service: string, numbers: readonly number[] | undefined, options: ChangeOptions) => {
    const choice = choose(what, numbers ?? [], options.all ?? false);
    return withProjection((projection) => change(projection, what, service, choice, options));
  });
}

async function change(
  projection: CliProjection,
  what: 'retry' | 'discard',
  service: string,
  choice: DeadLetterChoice,
  { yes = false, json = false }: ChangeOptions,
): Promise<void> {
  const databases = chosen([service]);
  if (what === 'discard')
    await confirmName({
      question: `Events of ${service} are deleted that nobody else has; what they say reaches no copy.`,
      name: service,
      yes,
    });
  const { operator, logger } = projection;
  const entry = {
    operator,
    command: `outbox dead-letters ${what}`,
    subject: service,
    options: { numbers: choice },
  };
  const work = what === 'retry' ? retryDeadLetters : discardDeadLetters;
  const count = await audited({ pool: projection.openPool(1), logger }, entry, async () => {
    const [seen] = await inEachService((pool) => work(pool, choice), { databases });
    if (seen !== undefined && 'seen' in seen) return seen.seen;
    throw new ExitWith(2, new Error(`The outbox of ${service} can not be reached: ${seen?.unseen ?? ''}`));
  });
  const done = what === 'retry' ? 'put back' : 'discarded';
  process.stdout.write(
    json
      ? `${JSON.stringify({ service, [what === 'retry' ? 'retried' : 'discarded']: count })}\n`
      : `${count} ${done}.\n`,
  );
  if (choice !== 'all' && count < choice.length) throw new ExitWith(1);
}

function choose(what: string, numbers: readonly number[], all: boolean): DeadLetterChoice {
  if (all !== numbers.length > 0) return all ? 'all' : [...new Set(numbers)];
  throw new UsageError('nothing_chosen', `Which dead letters should ${what} take?`, {
    remedy: 'Name their numbers, as list shows them, or say --all.',
  });
}

function chosen(services: readonly string[]) {
  const known = serviceDatabases();
  const unknown = services.filter((name) => !known.some(({ service }) => service === name));
  if (unknown.length > 0)
    throw new UsageError('service_unknown', `There is no service ${unknown.join(', ')}.`, {
      remedy: `The services are: ${known.map(({ service }) => service).join(', ')}.`,
    });
  return services.length === 0 ? known : known.filter(({ service }) => services.includes(service));
}

async function lookInto<T>(
  services: readonly string[],
  work: Parameters<typeof inEachService<T>>[0],
): Promise<readonly Seen<T>[]> {
  return inEachService(work, { databases: chosen(services) });
}

/** @throws {ExitWith} 2 when a database that is named did not answer, and when there is none to look into */
function print<T>(
  outboxes: readonly Seen<T>[],
  json: boolean | undefined,
  format: (outboxes: readonly Seen<T>[]) => string,
): void {
  const plain = outboxes.map((one) => ('seen' in one ? one : { service: one.service, unseen: one.unseen }));
  process.stdout.write(`${json === true ? JSON.stringify(plain, null, 2) : format(outboxes)}\n`);
  // Without a cause nothing was tried: it is not configured, which is said and no fault.
  const failed = outboxes.some((one) => 'unseen' in one && one.cause !== undefined);
  if (failed || outboxes.every((one) => 'unseen' in one)) throw new ExitWith(2);
}

function addNumber(text: string, numbers: readonly number[] | undefined): readonly number[] {
  return [...(numbers ?? []), letterNumber(text)];
}

/** The numbers of an outbox go as far as those of its database. */
const letterNumber = wholeNumber(Number.MAX_SAFE_INTEGER);
