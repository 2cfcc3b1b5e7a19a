import { Option, type Command } from 'commander';
import { audited, type AuditEntry } from '#projection';
import { wholeNumber } from '../arguments.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import { discardLetters } from './discard.command.js';
import { DEFAULT_LIMIT, printList, type ListOptions } from './list.command.js';
import { addId, argumentsOf, chosen, idOf, withFilters, type FilterOptions } from './options.js';
import { retryLetters } from './retry.command.js';
import { printLetter } from './show.command.js';

const help = `
A dead letter is a message that could not be applied, or a document that the index refused:
  envelope    not what its publisher promised: no JSON, an unknown source, a wrong type
  constraint  refused by the database
  document    refused by the index, or not made because a function of the view failed
A newer version of the aggregate, or a document that is indexed, heals it.

Examples:
  $ npx prejoin dead-letters list --kind envelope --since 2h
  $ npx prejoin dead-letters list --json --state all --limit 100000 > letters.jsonl
  $ npx prejoin dead-letters show 42
  $ npx prejoin dead-letters show 42 --raw > message.bin
  $ npx prejoin dead-letters retry 42 43
  $ npx prejoin dead-letters retry --kind document --view order-search --wait
  $ npx prejoin dead-letters discard --source order --yes`;

/** `prejoin dead-letters list|show|retry|discard`. */
export function addDeadLetterCommands(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('List, show, retry and discard what could not be applied or indexed.')
    .addHelpText('after', help);
  addList(letters);
  addShow(letters);
  addRetry(letters);
  addDiscard(letters);
}

function addList(letters: Command): void {
  withFilters(letters.command('list'))
    .description('List dead letters, oldest first.')
    .addOption(
      new Option('--state <state>', 'what became of them')
        .choices(['open', 'healed', 'discarded', 'all'])
        .default('open'),
    )
    .option('--limit <letters>', 'how many at most', wholeNumber(), DEFAULT_LIMIT)
    .option('--after <id>', 'begin after this one', idOf, 0)
    .option('--json', 'print JSON, a letter a line')
    .action((options: ListOptions) =>
      withProjection((projection) => printList(projection.openPool(1), options)),
    );
}

function addShow(letters: Command): void {
  letters
    .command('show')
    .argument('<id>', 'the dead letter', idOf)
    .description('Show a dead letter with its body, and what can be done about it.')
    .option('--raw', 'write the bytes of the body and nothing else')
    .option('--json', 'print JSON, the body as base64')
    .action((id: number, options: { readonly raw?: boolean; readonly json?: boolean }) =>
      withProjection((projection) => printLetter(projection.openPool(1), id, options)),
    );
}

interface ChoiceOptions extends FilterOptions {
  readonly all?: boolean;
  readonly json?: boolean;
}

function addRetry(letters: Command): void {
  withFilters(letters.command('retry'))
    .argument('[ids...]', 'the dead letters', addId)
    .description('Try dead letters again. What is still wrong stays open; running it twice does no harm.')
    .option('--all', 'all that are open')
    .option('--json', 'print JSON')
    .option('--wait', 'wait until the projector has built the documents')
    .action((ids: readonly number[] | undefined, options: ChoiceOptions & { readonly wait?: boolean }) => {
      const filter = chosen('retry', ids ?? [], options);
      return withProjection((projection) => {
        const pool = projection.openPool(3);
        return audited({ pool, logger: projection.logger }, entryOf('retry', projection, ids, options), () =>
          retryLetters(pool, {
            filter,
            wait: options.wait ?? false,
            json: options.json ?? false,
            logger: projection.logger,
            signal: interrupted(),
          }),
        );
      });
    });
}

function addDiscard(letters: Command): void {
  withFilters(letters.command('discard'))
    .argument('[ids...]', 'the dead letters', addId)
    .description('Give dead letters up: they count no more, and the same message does not open them again.')
    .option('--all', 'all that are open')
    .option('--json', 'print JSON')
    .option('--yes', 'do not ask')
    .action((ids: readonly number[] | undefined, options: ChoiceOptions & { readonly yes?: boolean }) => {
      const filter = chosen('discard', ids ?? [], options);
      return withProjection((projection) => {
        const pool = projection.openPool(2);
        return audited(
          { pool, logger: projection.logger },
          entryOf('discard', projection, ids, options),
          () =>
            discardLetters(pool, {
              filter,
              yes: options.yes ?? false,
              json: options.json ?? false,
              interrupted,
            }),
        );
      });
    });
}

function entryOf(
  command: 'retry' | 'discard',
  { operator }: CliProjection,
  ids: readonly number[] | undefined,
  options: ChoiceOptions,
): AuditEntry {
  const subject =
    ids === undefined || ids.length === 0 ? argumentsOf(options).join(' ') || 'all' : ids.join(' ');
  return { operator, command: `dead-letters ${command}`, subject };
}
