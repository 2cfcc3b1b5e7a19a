import { type Command } from 'commander';
import type { Pool } from 'pg';
import { messageOf, PrejoinError } from '#kernel';
import { pickGeneration, readGenerations, verifyDocuments, type Generation } from '#projection';
import { wholeNumber } from '../arguments.js';
import { ExitWith } from '../exit-with.js';
import { sourcesOf } from '../sources/chosen-sources.js';
import { verifySources } from '../sources/verify-sources.js';
import { knownView, ViewUnknownError } from '../rebuilding.js';
import { showPhases } from '../show-phases.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import { InterruptedError } from './interrupted-error.js';
import { formatReport } from './format-report.js';
import { verdictOf, type VerifyReport, type ViewReport } from './report.js';

export interface VerifyCommandOptions {
  readonly json?: boolean;
  readonly sample?: number;
  readonly generation?: number;
  readonly wait: number;
  readonly limit: number;
  /** The sources whose copies are compared with their services instead; true for all. */
  readonly sources?: true | readonly string[];
  readonly contents?: boolean;
}

const help = `
Every document is made anew from the copies and compared with the index by id, content and revision, both ways. It changes
nothing, and goes on beside writers: what differs is looked at again once all that had changed by then is built.

With --sources, copies are compared with the services that own them: by count and checksum of ranges of ids, and id by id
where these differ. The services answer over the broker. --contents compares states too, for which they read all of them.

Exit codes:
  0  equal
  1  different
  2  it could not be told: a server is away, documents could not be waited for, or it was interrupted

Examples:
  $ npx prejoin verify
  $ npx prejoin verify order-search --sample 1000
  $ npx prejoin verify order-search --json >report.json
  $ npx prejoin verify order-search --generation 7
  $ npx prejoin verify --sources
  $ npx prejoin verify --sources order customer --contents`;

/** `prejoin verify [view]`. */
export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .argument('[view]', 'one view; without it, all that are served, one after the other')
    .description('Compare the documents of an index with what the copies make of them now.')
    .option('--sample <roots>', 'look at about so many roots, spread over all', wholeNumber())
    .option('--generation <number>', 'another generation than the live one', wholeNumber())
    .option('--wait <seconds>', 'how long documents that wait to be built may take', wholeNumber(), 30)
    .option('--limit <documents>', 'how many documents are listed', wholeNumber(), 20)
    .option('--sources [names...]', 'compare the copies of these sources, or of all, with their services')
    .option('--contents', 'with --sources: compare states besides versions')
    .option('--json', 'print the report as JSON, with up to 10000 documents of each kind of finding')
    .addHelpText('after', help)
    .action((view: string | undefined, options: VerifyCommandOptions) => {
      const sources = sourcesOf(view, options);
      if (sources !== null) return verifySources(sources, options);
      return withProjection(async (projection) => {
        const report = await verifyViews(projection, view, options);
        process.stdout.write(
          `${options.json === true ? JSON.stringify(report, null, 2) : formatReport(report, options.limit)}\n`,
        );
        if (report.verdict !== 'equal') throw new ExitWith(report.verdict === 'different' ? 1 : 2);
      });
    });
}

async function verifyViews(
  projection: CliProjection,
  view: string | undefined,
  options: VerifyCommandOptions,
): Promise<VerifyReport> {
  const startedAt = new Date().toISOString();
  // Two ranges at once, each with a page ahead, and the looks between them.
  const pool = projection.openPool(6);
  const signal = interrupted();
  const views: ViewReport[] = [];
  for (const name of view === undefined ? await servedViews(pool) : [view])
    views.push(await verifyView(projection, pool, name, options, signal));
  const environment = projection.config.PREJOIN_ENVIRONMENT;
  return { report: 'prejoin verify', format: 1, environment, startedAt, verdict: verdictOf(views), views };
}

async function servedViews(pool: Pool): Promise<readonly string[]> {
  try {
    const generations = await readGenerations(pool);
    return [...new Set(generations.filter(({ state }) => state === 'live').map(({ view }) => view))];
  } catch (error) {
    throw new ExitWith(2, new ProjectionUnseenError(error));
  }
}

/** The copies and what is known of the generations are there. */
class ProjectionUnseenError extends PrejoinError {
  constructor(cause: unknown) {
    super('projection_unseen', `The projection database can not be read: ${messageOf(cause)}`, {
      cause,
      remedy: 'See whether PostgreSQL runs and is reached at PROJECTION_DATABASE_URL.',
    });
  }
}

/** What stands in the way of one view is told in its report, and leaves the others to be looked at. */
async function verifyView(
  projection: CliProjection,
  pool: Pool,
  view: string,
  options: VerifyCommandOptions,
  signal: AbortSignal,
): Promise<ViewReport> {
  try {
    const generation = await generationOf(projection, pool, view, options.generation ?? null);
    return await verifyOne(projection, pool, generation, options, signal);
  } catch (error) {
    if (error instanceof ViewUnknownError) throw error;
    const cause = signal.aborted ? new InterruptedError() : error;
    const remedy = cause instanceof PrejoinError ? (cause.remedy ?? null) : null;
    return { view, verdict: 'unseen', problem: messageOf(cause), remedy };
  }
}

/** @throws {ViewUnknownError} when neither the code nor the database knows the view */
export async function generationOf(
  projection: CliProjection,
  pool: Pool,
  view: string,
  number: number | null,
): Promise<Generation> {
  await knownView(projection, pool, view);
  return pickGeneration(pool, view, number);
}

async function verifyOne(
  projection: CliProjection,
  pool: Pool,
  generation: Generation,
  options: VerifyCommandOptions,
  signal: AbortSignal,
): Promise<ViewReport> {
  const { declared, index, config, logger } = projection;
  const startedAt = performance.now();
  const shown = showPhases({ subject: generation.view });
  try {
    const verified = await verifyDocuments(
      {
        pool,
        index,
        computes: declared.computes,
        deadlineMs: config.BUILD_DEADLINE_MS,
        logger,
        signal,
        settleMs: options.wait * 1_000,
        onProgress: (progress) =>
          shown.update({ ...progress, unit: progress.phase === 'compare' ? 'roots' : 'documents' }),
        ...(options.sample === undefined ? {} : { sample: { roots: options.sample, random: Math.random } }),
      },
      generation,
    );
    const seconds = (performance.now() - startedAt) / 1_000;
    const { view, number, state, indexName, fingerprint } = generation;
    return {
      view,
      generation: number,
      state,
      index: indexName,
      fingerprint,
      sample: options.sample ?? null,
      seconds,
      documentsPerSecond: Math.round(verified.roots / seconds),
      ...verified,
    };
  } finally {
    shown.finish();
  }
}
