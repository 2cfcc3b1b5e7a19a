import type { Command } from 'commander';
import {
  audited,
  noBuildMetrics,
  proposeRepairs,
  repairDocuments,
  settle,
  verifyDocuments,
  type Difference,
  type Generation,
  type Proposal,
  type Repaired,
  type RepairOptions,
} from '#projection';
import { grouped, print } from '../output.js';
import { ExitWith } from '../exit-with.js';
import { showPhases, type Phases } from '../show-phases.js';
import { sourcesOf } from '../sources/chosen-sources.js';
import { repairSources } from '../sources/repair-sources.js';
import { UsageError } from '../usage-error.js';
import { InterruptedError } from '../verify/interrupted-error.js';
import { readReport, ReportUnfitError } from '../verify/report.js';
import { wholeNumber } from '../arguments.js';
import { generationOf } from '../verify/verify.command.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import { formatProposal, formatRepair, type RepairReport } from './format-repair.js';

interface RepairCommandOptions {
  readonly report?: string;
  readonly dryRun?: boolean;
  readonly generation?: number;
  readonly wait: number;
  readonly limit: number;
  readonly json?: boolean;
  readonly sources?: true | readonly string[];
  readonly contents?: boolean;
}

const help = `
Only what differs is written, whole, as the copies make it now, and looked at again afterwards; nothing else is touched.
It asks nothing, since it can only make right. --dry-run writes nothing, and needs no repair to be wanted.

With --sources, copies are mended that are not what their services have: these publish exactly those aggregates again, and
the deletion of what they do not have. It needs the relay and a projector to run.

Exit codes:
  0  all is mended, or nothing was wrong
  1  something is left, and is told with the reason
  2  it could not be told: a server is away, documents could not be waited for, or it was interrupted

Examples:
  $ npx prejoin repair order-search --dry-run
  $ npx prejoin repair order-search
  $ npx prejoin repair order-search --report report.json
  $ npx prejoin repair --sources order`;

/** `prejoin repair <view>`. */
export function addRepairCommand(program: Command): void {
  program
    .command('repair')
    .argument('[view]', 'the view, as "prejoin views" lists it')
    .description('Mend the documents that are not what the copies make of them.')
    .option(
      '--report <file>',
      'mend what this report of "prejoin verify --json" lists, as far as it still differs',
    )
    .option('--dry-run', 'print what would change, field by field, and write nothing')
    .option('--generation <number>', 'another generation than the live one', wholeNumber())
    .option('--wait <seconds>', 'how long documents that wait to be built may take', wholeNumber(), 30)
    .option('--limit <documents>', 'how many documents are listed', wholeNumber(), 20)
    .option('--sources [names...]', 'mend the copies of these sources, or of all, by their services')
    .option('--contents', 'with --sources: also those that have the right version and say something else')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((view: string | undefined, options: RepairCommandOptions) => {
      const sources = sourcesOf(view, options);
      if (sources !== null) return repairSources(sources, options);
      if (view === undefined) throw new NothingToRepairError();
      return withProjection(async (projection) => {
        const signal = interrupted();
        try {
          await run(projection, view, options, signal);
        } catch (error) {
          if (error instanceof UsageError || error instanceof ExitWith) throw error;
          throw new ExitWith(2, signal.aborted ? new InterruptedError() : error);
        }
      });
    });
}

class NothingToRepairError extends UsageError {
  constructor() {
    super('nothing_chosen', 'Which view is to be repaired?', {
      remedy: 'Name it, as "npx prejoin views" lists it, or say --sources.',
    });
  }
}

interface Task {
  readonly repairing: RepairOptions & { readonly signal: AbortSignal; readonly settleMs: number };
  readonly generation: Generation;
  readonly shown: Phases;
}

async function run(
  projection: CliProjection,
  view: string,
  options: RepairCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { declared, index, config, logger, operator } = projection;
  const pool = projection.openPool(8);
  const generation = await generationOf(projection, pool, view, options.generation ?? null);
  const reported = options.report === undefined ? null : idsOf(options.report, generation);
  const shown = showPhases({ subject: view });
  const repairing = {
    pool,
    index,
    computes: declared.computes,
    deadlineMs: config.BUILD_DEADLINE_MS,
    logger,
    metrics: noBuildMetrics,
    signal,
    settleMs: options.wait * 1_000,
    onProgress: (done: number, total: number) =>
      shown.update({ phase: 'repair', done, total, unit: 'documents' }),
  };
  const task: Task = { repairing, generation, shown };
  if (options.dryRun === true) {
    await propose(task, reported, options);
    return;
  }
  const given = {
    generation: generation.number,
    ...(reported === null ? {} : { reported: reported.length }),
  };
  const entry = { operator, command: 'repair', subject: view, options: given };
  const report = await audited({ pool, logger }, entry, () => repairAll(task, reported)).finally(() =>
    shown.finish(),
  );
  print(options.json === true ? JSON.stringify(report, null, 2) : formatRepair(report, options.limit));
  if (report.left.length > 0) throw new ExitWith(1);
  if (report.unsettled > 0) throw new ExitWith(2);
}

/** @throws {ReportUnfitError} when the report is about another index: ids that differ there say nothing about this one */
function idsOf(path: string, generation: Generation): readonly string[] {
  const reported = readReport(path, generation.view);
  if (reported.index !== generation.indexName)
    throw new ReportUnfitError(
      `${path} is about generation ${reported.generation} (${reported.index}), and what is to be mended is generation ` +
        `${generation.number} (${generation.indexName}).`,
    );
  if (reported.isCut)
    process.stderr.write(
      'The report lists only the first differences; verify again when these are mended.\n',
    );
  return reported.ids;
}

/** What differs now: of the reported documents, or of all. */
async function findDifferences(
  { repairing, generation, shown }: Task,
  reported: readonly string[] | null,
): Promise<{
  readonly differences: readonly Difference[];
  readonly refused: number;
  readonly unsettled: number;
  /** More differ than are listed. */
  readonly isCut: boolean;
}> {
  if (reported !== null) {
    const { signal, settleMs } = repairing;
    const found = await settle(repairing, generation, reported, {
      signal,
      settleMs,
      stallMs: Math.min(STALL_MS, settleMs / 2),
    });
    const { differences, refused, unsettled } = found;
    return { differences, refused: refused.length, unsettled: unsettled.length, isCut: false };
  }
  const onProgress = ({ phase, done, total }: { phase: string; done: number; total: number }): void =>
    shown.update({ phase, done, total, unit: phase === 'compare' ? 'roots' : 'documents' });
  const { differences, counts, refused, unsettled } = await verifyDocuments(
    { ...repairing, onProgress },
    generation,
  );
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return {
    differences,
    refused: refused.count,
    unsettled: unsettled.count,
    isCut: all > differences.length,
  };
}

const STALL_MS = 5_000;

/** Until nothing is found that was not left already: a run of the comparison lists no more than ten thousand documents. */
async function repairAll(task: Task, reported: readonly string[] | null): Promise<RepairReport> {
  const { repairing, generation } = task;
  const repaired: Difference[] = [];
  const left = new Map<string, string>();
  let epochRaised = false;
  for (;;) {
    const { differences, refused, unsettled, isCut } = await findDifferences(task, reported);
    const wanted = differences.map(({ id }) => id).filter((id) => !left.has(id));
    const result: Repaired = await repairDocuments(repairing, generation, wanted);
    repaired.push(...result.repaired);
    for (const { id, reason } of result.left) left.set(id, reason);
    epochRaised ||= result.epochRaised;
    if (isCut && result.repaired.length > 0) continue;
    return {
      report: 'prejoin repair',
      view: generation.view,
      generation: generation.number,
      index: generation.indexName,
      repaired,
      left: [...left].map(([id, reason]) => ({ id, reason })),
      refused,
      unsettled,
      epochRaised,
    };
  }
}

async function propose(
  task: Task,
  reported: readonly string[] | null,
  { limit, json }: RepairCommandOptions,
): Promise<void> {
  const { repairing, generation, shown } = task;
  const { differences, unsettled } = await findDifferences(task, reported).finally(() => shown.finish());
  const shownOnes = differences.slice(0, limit);
  const proposals: Proposal[] = [];
  const colour = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  for await (const proposal of proposeRepairs(repairing, generation, shownOnes)) {
    if (json === true) proposals.push(proposal);
    else print(formatProposal(proposal, { colour }));
  }
  const more = differences.length - shownOnes.length;
  if (json === true)
    print(
      JSON.stringify(
        {
          report: 'prejoin repair --dry-run',
          view: generation.view,
          generation: generation.number,
          proposals,
          more,
        },
        null,
        2,
      ),
    );
  else if (differences.length === 0) print('Nothing differs, so nothing would be written.');
  else if (more > 0) print(`… and ${grouped(more)} more documents (--limit)`);
  if (unsettled > 0) {
    process.stderr.write(`Of ${unsettled} documents it could not be told; run it again.\n`);
    throw new ExitWith(2);
  }
}
