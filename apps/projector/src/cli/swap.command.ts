import type { Command } from 'commander';
import { audited, swapView } from '#projection';
import { hours, wholeNumber } from './arguments.js';
import { confirmName } from './confirm.js';
import {
  buildContextOf,
  formatResult,
  hoursToMs,
  knownView,
  printResult,
  showRebuild,
} from './rebuilding.js';
import { interrupted, withProjection, type CliProjection } from './with-projection.js';

interface SwapCommandOptions {
  readonly acceptRefused?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly keepHours: number;
  readonly maxLag: number;
  readonly yes?: boolean;
}

const help = `
The new index is brought up to date and verified again first. It is refused while marks that concern the index are older
than --max-lag, while the number of its documents is not what it should be, when it does not hold what the copies say, and
when this release can not build it. --force moves readers all the same, and prints what it overrode; an index that can not
be read is never swapped in. Whatever goes wrong, the new index stays complete and current, and the live one is served.

Examples:
  $ npx prejoin rebuild order-search --no-swap && npx prejoin swap order-search
  $ npx prejoin swap order-search --force --yes`;

/** `prejoin swap <view>`. */
export function addSwapCommand(program: Command): void {
  program
    .command('swap')
    .argument('<view>', 'a view of which "rebuild --no-swap" left a complete index')
    .description('Move readers to an index that a rebuild left complete.')
    .option('--force', 'swap in spite of everything that can be overridden; wants the name typed, or --yes')
    .option('--yes', 'ask nothing')
    .option('--max-lag <seconds>', 'how old marks may be that concern the index', wholeNumber(99_999), 30)
    .option('--accept-refused', 'swap even if the new index refuses documents that the live one holds')
    .option('--keep-hours <hours>', 'how long the old index is kept current for a rollback', hours, 24)
    .option('--json', 'print one line of JSON a second, and the result as the last one')
    .addHelpText('after', help)
    .action((view: string, options: SwapCommandOptions) =>
      withProjection((projection) => swap(projection, view, options)),
    );
}

async function swap(projection: CliProjection, view: string, options: SwapCommandOptions): Promise<void> {
  const { config, logger, operator } = projection;
  const { force = false, json = false, yes = false, acceptRefused = false, keepHours, maxLag } = options;
  const context = buildContextOf(projection, 1);
  const { pool } = context;
  await knownView(projection, pool, view);
  if (force)
    await confirmName({
      question: `Move the readers of view ${view} to its new index, whatever is wrong with it?`,
      name: view,
      yes,
    });
  const shown = showRebuild(view, json);
  const entry = { operator, command: 'swap', subject: view, options: { ...options } };
  const result = await audited({ pool, logger }, entry, () =>
    swapView({
      ...context,
      view,
      indexPrefix: config.INDEX_PREFIX,
      force,
      acceptRefused,
      signal: interrupted(),
      onProgress: shown.update,
      maxLagMs: maxLag * 1_000,
      keepPreviousMs: hoursToMs(keepHours),
    }),
  ).finally(shown.finish);
  printResult(json, { view, ...result }, formatResult(view, result, keepHours));
}
