import type { Command } from 'commander';
import { audited, rollbackView } from '#projection';
import { grouped } from './output.js';
import { hours } from './arguments.js';
import { confirmName } from './confirm.js';
import {
  buildContextOf,
  formatOverridden,
  hoursToMs,
  knownView,
  printResult,
  showRebuild,
} from './rebuilding.js';
import { interrupted, withProjection, type CliProjection } from './with-projection.js';

interface RollbackCommandOptions {
  readonly force?: boolean;
  readonly json?: boolean;
  readonly keepHours: number;
  readonly yes?: boolean;
}

const help = `
The previous index was kept current since the swap ("prejoin status" shows until when), so that nothing written since is
lost: what waits for it at this moment is built first, then the alias moves in one call. The index that readers leave is
kept current in its turn: a second rollback goes forward again. It is refused while the previous index takes no writes, or
has marks that nobody builds; --force goes back all the same, and prints what it overrode.

Examples:
  $ npx prejoin rollback order-search
  $ npx prejoin rollback order-search --yes --json`;

/** `prejoin rollback <view>`. */
export function addRollbackCommand(program: Command): void {
  program
    .command('rollback')
    .argument('<view>', 'a view that was rebuilt not long ago')
    .description('Move readers back to the index that was live before the last swap; loses nothing.')
    .option('--yes', 'do not want the name typed')
    .option('--force', 'go back even if the previous index is not current')
    .option('--keep-hours <hours>', 'how long the index that readers leave is kept current', hours, 24)
    .option('--json', 'print one line of JSON a second, and the result as the last one')
    .addHelpText('after', help)
    .action((view: string, options: RollbackCommandOptions) =>
      withProjection((projection) => rollBack(projection, view, options)),
    );
}

async function rollBack(
  projection: CliProjection,
  view: string,
  options: RollbackCommandOptions,
): Promise<void> {
  const { config, logger, operator } = projection;
  const { force = false, json = false, yes = false, keepHours } = options;
  const context = buildContextOf(projection, 1);
  const { pool } = context;
  await knownView(projection, pool, view);
  const question = `Move the readers of view ${view} back to its previous index${force ? ', whatever it lacks' : ''}?`;
  await confirmName({ question, name: view, yes });
  const shown = showRebuild(view, json);
  const entry = { operator, command: 'rollback', subject: view, options: { ...options } };
  const result = await audited({ pool, logger }, entry, () =>
    rollbackView({
      ...context,
      view,
      indexPrefix: config.INDEX_PREFIX,
      force,
      signal: interrupted(),
      onProgress: shown.update,
      keepPreviousMs: hoursToMs(keepHours),
    }),
  ).finally(shown.finish);
  const sentence =
    `View ${view} is served from ${result.indexName} again, with ${grouped(result.documents)} documents.` +
    (result.previousIndexName === null
      ? ''
      : ` ${result.previousIndexName} is kept current for ${keepHours} h: another rollback goes forward to it.`);
  printResult(json, { view, ...result }, [sentence, ...formatOverridden(result.overridden)].join('\n'));
}
