import type { Command } from 'commander';
import {
  audited,
  ensureCopyTables,
  rebuild,
  rebuildDocuments,
  scanWorkers,
  type BuiltDocument,
  type RebuildResult,
} from '#projection';
import { hours, wholeNumber } from './arguments.js';
import { ExitWith } from './exit-with.js';
import {
  buildContextOf,
  collect,
  formatResult,
  hoursToMs,
  planOf,
  printResult,
  showRebuild,
} from './rebuilding.js';
import { formatTable } from './table.js';
import { UsageError } from './usage-error.js';
import { interrupted, withProjection, type CliProjection } from './with-projection.js';

interface RebuildCommandOptions {
  readonly acceptRefused?: boolean;
  readonly chunk?: number;
  readonly id: readonly string[];
  readonly json?: boolean;
  readonly keepHours: number;
  readonly swap: boolean;
  readonly throttle?: number;
  readonly workers: number;
  readonly yield: boolean;
}

const help = `
Readers go on with the live index until the new one is complete, verified and swapped in. Killed at any moment and started
again, it goes on where it was; Ctrl-C gives it up, and drops the new index. While it makes changes or searches wait, it
works less; the progress says when and why.

With --id it builds single documents again, now, in every index of the view, and says what became of each.

Examples:
  $ npx prejoin rebuild order-search
  $ npx prejoin rebuild order-search --throttle 500 --keep-hours 72
  $ npx prejoin rebuild order-search --no-swap && npx prejoin swap order-search
  $ npx prejoin rebuild order-search --json | tail -1
  $ npx prejoin rebuild order-search --id order-1 --id order-2`;

/** `prejoin rebuild <view>`. */
export function addRebuildCommand(program: Command): void {
  program
    .command('rebuild')
    .argument('<view>', 'the view, as "prejoin views" lists it')
    .description(
      'Build a view anew beside the live index and swap it in when it is complete; readers notice nothing.',
    )
    .option('--no-swap', 'stop when the new index is complete; "prejoin swap" moves readers to it')
    .option('--throttle <documents>', 'build at most so many documents a second', wholeNumber(99_999))
    .option('--no-yield', 'do not work less while changes or searches wait')
    .option(
      '--workers <count>',
      'ranges of ids that are scanned side by side',
      wholeNumber(99_999),
      scanWorkers,
    )
    .option(
      '--chunk <roots>',
      'roots that are read and sent at once (default: by their number)',
      wholeNumber(99_999),
    )
    .option('--accept-refused', 'swap even if the new index refuses documents that the live one holds')
    .option('--keep-hours <hours>', 'how long the old index is kept current for a rollback', hours, 24)
    .option('--id <id>', 'build this document again, and nothing else; may be repeated', collect, [])
    .option('--json', 'print one line of JSON a second, and the result as the last one')
    .addHelpText('after', help)
    .action((view: string, options: RebuildCommandOptions) =>
      withProjection((projection) =>
        options.id.length > 0
          ? buildAgain(projection, view, options)
          : buildAnew(projection, view, options, interrupted()),
      ),
    );
}

/** Ctrl-C gives it up and leaves the live generation as it is. */
async function buildAnew(
  projection: CliProjection,
  view: string,
  options: RebuildCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { declared, config, logger, operator } = projection;
  const plan = planOf(projection, view);
  const { json = false, acceptRefused = false, keepHours, swap, throttle = null, workers } = options;
  const context = buildContextOf(projection, workers);
  const { pool } = context;
  const shown = showRebuild(view, json);
  const entry = { operator, command: 'rebuild', subject: view, options: { ...options, id: undefined } };
  const work = async (): Promise<RebuildResult> => {
    // The projectors that run may be of the release before, whose sources had fewer references.
    await ensureCopyTables(pool, declared.sources, { logger });
    return rebuild({
      ...context,
      plan,
      indexPrefix: config.INDEX_PREFIX,
      signal,
      onProgress: shown.update,
      acceptRefused,
      throttle,
      workers,
      yields: options.yield,
      swap: swap ? 'now' : 'later',
      keepPreviousMs: hoursToMs(keepHours),
      ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
    });
  };
  const result = await audited({ pool, logger }, entry, work).finally(shown.finish);
  printResult(json, { view, ...result }, formatResult(view, result, keepHours));
}

/** Ends with 1 when a document is not as it should be afterwards. */
async function buildAgain(
  projection: CliProjection,
  view: string,
  { id, json = false }: RebuildCommandOptions,
): Promise<void> {
  const { logger, operator } = projection;
  planOf(projection, view);
  const empty = id.find((one) => one === '');
  if (empty !== undefined) throw new UsageError('id_empty', 'An id is not empty.');
  const context = buildContextOf(projection, 1);
  const { pool } = context;
  const entry = { operator, command: 'rebuild --id', subject: view, options: { documents: id.length } };
  const built = await audited({ pool, logger }, entry, () => rebuildDocuments(context, view, id));
  printResult(json, { view, documents: built }, formatBuilt(built));
  if (built.some(({ outcome }) => outcome === 'refused' || outcome === 'left')) throw new ExitWith(1);
}

function formatBuilt(built: readonly BuiltDocument[]): string {
  const rows = built.map(({ id, indexName, state, outcome, reason }) => [
    id,
    indexName,
    state,
    words[outcome],
    reason ?? '',
  ]);
  return formatTable(['ID', 'INDEX', 'STATE', 'OUTCOME', 'REASON'], rows);
}

const words: Readonly<Record<BuiltDocument['outcome'], string>> = {
  indexed: 'indexed',
  deleted: 'has no document',
  superseded: 'a newer one is there',
  refused: 'refused: a dead letter',
  left: 'left to a builder',
};
