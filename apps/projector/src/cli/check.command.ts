import { PrejoinError } from '#kernel';
import { sources, views } from '#domains';
import { estimateFanOut, type PathEstimate } from '#projection';
import { check, checkSources, compile, type AnyView, type Fault } from '#views';
import type { Command } from 'commander';
import { grouped } from './output.js';
import type { Projection } from '../projection.js';
import { ViewUnknownError } from './rebuilding.js';
import { formatTable } from './table.js';
import { withProjection } from './with-projection.js';

interface Checked {
  readonly faults: readonly Fault[];
  /** The fan-out of each path of the views; null when it was not asked for. */
  readonly estimates: readonly PathEstimate[] | null;
}

/** Something that is declared can not be run. */
class CheckFailedError extends PrejoinError {
  constructor(errors: number) {
    super('check_failed', `${count(errors, 'error')} in what is declared.`, {
      remedy: 'Each is listed with what to do about it. Warnings alone do not fail.',
    });
  }
}

const help = `
Examples:
  $ npx prejoin check
  $ npx prejoin check order-search --estimate`;

/** `prejoin check [view]`. */
export function addCheckCommand(program: Command): void {
  program
    .command('check')
    .argument('[view]', 'the view; without it, everything that is declared')
    .description(
      'Say what is wrong with the declarations, with a remedy each; asks no server unless it estimates.',
    )
    .option(
      '--estimate',
      'also say how many documents a change of each source builds, by the copies as they are',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(runCheck);
}

async function runCheck(
  view: string | undefined,
  { estimate, json }: { readonly estimate?: boolean; readonly json?: boolean },
): Promise<void> {
  const faults = checkDeclared(view);
  const errors = countErrors(faults);
  const print = (estimates: Checked['estimates']): void => {
    const checked = { faults, estimates };
    process.stdout.write(`${json === true ? JSON.stringify(checked, null, 2) : formatChecked(checked)}\n`);
  };
  // What does not compile has no paths.
  if (estimate !== true || errors > 0) print(null);
  else await withProjection(async (projection) => print(await estimateViews(projection, view)));
  if (errors > 0) throw new CheckFailedError(errors);
}

/**
 * All faults of one view with its sources, or of everything that is declared. Asks no server.
 * @throws {ViewUnknownError}
 */
function checkDeclared(view: string | undefined): readonly Fault[] {
  const faults = viewsNamed(view).flatMap((one) => check(one));
  const all = view === undefined ? [...checkSources(sources), ...faults, ...renames()] : faults;
  // A source that several views read is told once.
  return [...new Map(all.map((fault) => [`${fault.at} ${fault.problem}`, fault])).values()];
}

/** What a new name leaves to do, as long as the declaration says the former one. */
function renames(): readonly Fault[] {
  const warning = (at: string, problem: string, remedy: string): Fault => ({
    severity: 'warning',
    at,
    problem,
    remedy,
  });
  return [
    ...sources.flatMap(({ name, was }) =>
      was === null
        ? []
        : [
            warning(
              name,
              `The source was '${was}' before, and copies are kept by name: they begin empty.`,
              `Have it published under its new name (npx prejoin resync ${name}), rebuild the views over it, and take was out.`,
            ),
          ],
    ),
    ...views.flatMap(({ name, options: { was } }) =>
      was === undefined
        ? []
        : [
            warning(
              name,
              `The view was '${was}' before; what was built under that name is kept current and served on.`,
              `When nobody reads it any more, run npx prejoin drop-view ${was}, and take was out.`,
            ),
          ],
    ),
  ];
}

/** How many documents a change of each source builds, by the copies as they are. */
async function estimateViews(
  projection: Projection,
  view: string | undefined,
): Promise<readonly PathEstimate[]> {
  const pool = projection.openPool(1);
  const estimates: PathEstimate[] = [];
  for (const one of viewsNamed(view)) estimates.push(...(await estimateFanOut(pool, compile(one))));
  return estimates;
}

function countErrors(faults: readonly Fault[]): number {
  return faults.filter(({ severity }) => severity === 'error').length;
}

function viewsNamed(name: string | undefined): readonly AnyView[] {
  const found = views.filter((view) => name === undefined || view.name === name);
  if (name !== undefined && found.length === 0)
    throw new ViewUnknownError(
      name,
      views.map((view) => view.name),
    );
  return found;
}

function formatChecked({ faults, estimates }: Checked): string {
  const errors = countErrors(faults);
  const told = faults.map(
    ({ severity, at, problem, remedy }) => `${severity}: ${at}: ${problem}\n  ${remedy}`,
  );
  const found = [count(errors, 'error'), count(faults.length - errors, 'warning')].join(', ');
  return [...told, ...(estimates === null ? [] : [formatEstimates(estimates)]), found].join('\n\n');
}

/** A change that builds more is worth a sentence: it takes seconds to minutes, and whoever makes it may not know. */
const WIDE = 10_000;

function formatEstimates(estimates: readonly PathEstimate[]): string {
  const headings = ['VIEW', 'PATH', 'A CHANGE OF', 'MEDIAN', 'P99', 'MOST', 'FROM'];
  const rows = estimates.map(({ view, path, source, fanOut }) => {
    const place = [view, path === '' ? '(root)' : path, source];
    if ('unknown' in fanOut) return [...place, '?', '?', '?', fanOut.unknown];
    const { median, p99, most } = fanOut;
    const numbers = [median, p99, most].map((documents) => grouped(documents));
    return [...place, ...numbers, fromText(fanOut)];
  });
  const notes = estimates.flatMap(({ view, source, columns, fanOut }) => {
    if ('unknown' in fanOut || fanOut.most < WIDE) return [];
    const documents = grouped(fanOut.most);
    return [
      `A change of ${source} ${fanOut.mostFrom} (${columns.join(', ')}) builds ${documents} documents of ${view}.`,
    ];
  });
  return [
    'Documents that one change builds, by the copies as they are:',
    formatTable(headings, rows),
    ...notes,
  ].join('\n');
}

function fromText({ rows, all }: { readonly rows: number; readonly all: boolean }): string {
  return all ? `all ${grouped(rows)}` : `${grouped(rows)} at random, and the most common`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
