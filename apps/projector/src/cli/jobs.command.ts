import type { Command } from 'commander';
import {
  audited,
  cancelFanOutJob,
  cancelRebuild,
  readFanOutJobs,
  readRebuilds,
  type FanOutJob,
  type RebuildJob,
} from '#projection';
import { grouped } from './output.js';
import { confirmName } from './confirm.js';
import { buildContextOf, printResult } from './rebuilding.js';
import { formatAge, formatTable } from './table.js';
import { UsageError } from './usage-error.js';
import { withProjection, type CliProjection } from './with-projection.js';

const listHelp = `
Examples:
  $ npx prejoin jobs list
  $ npx prejoin jobs list --json`;

const cancelHelp = `
A cancelled rebuild drops its index; the live one is untouched, and the process that ran it ends. A fan-out job that is
cancelled leaves documents as they were before the change, so its id has to be typed (or --yes); repair them afterwards.

Examples:
  $ npx prejoin jobs cancel rebuild:order-search
  $ npx prejoin jobs cancel fan-out:17 --yes && npx prejoin repair order-search`;

/** `prejoin jobs list` and `prejoin jobs cancel <id>`. */
export function addJobsCommands(program: Command): void {
  const jobs = program
    .command('jobs')
    .description('Show or cancel what goes on for long: rebuilds, and changes of very many documents.');
  jobs
    .command('list')
    .description('List rebuilds with their holders, and fan-out jobs, with what is done of each.')
    .option('--json', 'print JSON')
    .addHelpText('after', listHelp)
    .action(({ json }: { readonly json?: boolean }) =>
      withProjection(async (projection) => {
        const found = await readJobs(projection);
        process.stdout.write(`${json === true ? JSON.stringify(found, null, 2) : formatJobs(found)}\n`);
      }),
    );
  jobs
    .command('cancel')
    .argument('<job>', 'rebuild:<view> or fan-out:<number>, as "jobs list" shows it')
    .description('Give a rebuild or a fan-out job up.')
    .option('--yes', 'do not want the id of a fan-out job typed')
    .option('--json', 'print JSON')
    .addHelpText('after', cancelHelp)
    .action((job: string, options: CancelOptions) =>
      withProjection((projection) => cancelJob(projection, job, options)),
    );
}

interface CancelOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

interface Jobs {
  readonly rebuilds: readonly (RebuildJob & { readonly job: string })[];
  readonly fanOuts: readonly (FanOutJob & { readonly job: string })[];
}

async function readJobs(projection: CliProjection): Promise<Jobs> {
  const pool = projection.openPool(2);
  const [rebuilds, fanOuts] = await Promise.all([readRebuilds(pool), readFanOutJobs(pool)]);
  return {
    rebuilds: rebuilds.map((one) => ({ job: `rebuild:${one.view}`, ...one })),
    fanOuts: fanOuts.map((one) => ({ job: `fan-out:${one.id}`, ...one })),
  };
}

const holders: Readonly<Record<RebuildJob['holderState'], string>> = {
  alive: 'alive',
  silent: 'not known: see its lease',
  gone: 'gone; start it again',
  none: 'none; waits for its swap',
};

function formatJobs({ rebuilds, fanOuts }: Jobs): string {
  if (rebuilds.length + fanOuts.length === 0) return 'Nothing goes on.';
  const tables: string[] = [];
  if (rebuilds.length > 0)
    tables.push(
      formatTable(
        ['JOB', 'INDEX', 'PHASE', 'SCANNED', 'RANGES', 'HOLDER', 'SINCE', 'HOLDER IS'],
        rebuilds.map((one) => [
          one.job,
          one.indexName,
          one.phase,
          `${grouped(one.scanned)} of ${grouped(one.total)}`,
          `${one.rangesDone} of ${one.ranges}`,
          one.holder,
          one.heldSince.toISOString(),
          holders[one.holderState],
        ]),
      ),
    );
  if (fanOuts.length > 0)
    tables.push(
      formatTable(
        ['JOB', 'VIEW', 'CHANGED', 'DONE', 'TOTAL', 'SINCE'],
        fanOuts.map((one) => [
          one.job,
          one.view,
          `${one.source} ${one.key}`,
          grouped(one.done),
          one.total === null ? '?' : grouped(one.total),
          formatAge(one.ageSeconds),
        ]),
      ),
    );
  return tables.join('\n\n');
}

/** What is cancelled is told by its kind and its name or number. */
function parseJob(job: string): { readonly kind: 'rebuild' | 'fan-out'; readonly of: string } {
  const [, kind, of] = /^(rebuild|fan-out):(.+)$/.exec(job) ?? [];
  if (of === undefined || (kind === 'fan-out' && !/^\d{1,18}$/.test(of)))
    throw new UsageError('job_unknown', `'${job}' is no id of a job.`, {
      remedy: 'An id is rebuild:<view> or fan-out:<number>, as "npx prejoin jobs list" shows it.',
    });
  return { kind: kind === 'rebuild' ? 'rebuild' : 'fan-out', of };
}

async function cancelJob(
  projection: CliProjection,
  job: string,
  { yes = false, json = false }: CancelOptions,
): Promise<void> {
  const { config, logger, operator } = projection;
  const { kind, of } = parseJob(job);
  const context = buildContextOf(projection, 1);
  const { pool } = context;
  const entry = { operator, command: 'jobs cancel', subject: job };
  if (kind === 'rebuild') {
    const { indexName } = await audited({ pool, logger }, entry, () =>
      cancelRebuild({ ...context, indexPrefix: config.INDEX_PREFIX }, of),
    );
    printResult(
      json,
      { job, indexName },
      `The rebuild of view ${of} is cancelled, and ${indexName} dropped.`,
    );
    return;
  }
  await confirmName({
    question: 'Documents that the job has not reached stay as they were before the change. Cancel it?',
    name: job,
    yes,
  });
  const { view, done, total } = await audited({ pool, logger }, entry, () => cancelFanOutJob(pool, of));
  printResult(
    json,
    { job, view, done, total },
    `The job is gone, with ${grouped(done)} of ${total === null ? 'an unknown number of' : grouped(total)} documents marked; ` +
      `the others are stale now.\nSee which: npx prejoin verify ${view}\nBuild them: npx prejoin repair ${view}`,
  );
}
