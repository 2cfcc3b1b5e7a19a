import type { Pool } from 'pg';
import { messageOf, PrejoinError } from '#kernel';
import { connectRequester, type Requester } from '#messaging';
import { verifySource } from '#projection';
import { ExitWith } from '../exit-with.js';
import { showPhases } from '../show-phases.js';
import { InterruptedError } from '../verify/interrupted-error.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import { formatSources } from './format-sources.js';
import { ownedSources, type OwnedSource } from './owned-sources.js';
import type { SourceReport, SourcesReport } from './report.js';
import { serviceSide } from './service-side.js';

export interface VerifySourcesOptions {
  readonly json?: boolean;
  /** Compares states besides versions. */
  readonly contents?: boolean;
  /** How long events that are on their way may take, in seconds. */
  readonly wait: number;
  readonly limit: number;
}

/** `prejoin verify --sources [names...]`. @throws {ExitWith} 1 when copies differ, 2 when it could not be told */
export async function verifySources(names: readonly string[], options: VerifySourcesOptions): Promise<void> {
  const chosen = ownedSources(names);
  await withProjection(async (projection) => {
    const signal = interrupted();
    const sources = await withServices(projection, async (requester) =>
      compareAll(projection, requester, chosen, options, signal),
    );
    const contents = options.contents ?? false;
    const verdict = verdictOf(sources);
    const environment = projection.config.PREJOIN_ENVIRONMENT;
    const report: SourcesReport = {
      report: 'prejoin verify --sources',
      format: 1,
      environment,
      contents,
      verdict,
      sources,
    };
    process.stdout.write(
      `${options.json === true ? JSON.stringify(report, null, 2) : formatSources(report, options.limit)}\n`,
    );
    if (verdict !== 'equal') throw new ExitWith(verdict === 'different' ? 1 : 2);
  });
}

/** Gives `work` somebody who asks services. @throws {ExitWith} 2 when the broker is away: then nobody can be asked */
export async function withServices<T>(
  { config }: CliProjection,
  work: (requester: Requester) => Promise<T>,
): Promise<T> {
  let requester: Requester;
  try {
    requester = await connectRequester({ url: config.RABBITMQ_URL, busPrefix: config.BUS_PREFIX });
  } catch (error) {
    throw new ExitWith(2, error);
  }
  try {
    return await work(requester);
  } finally {
    await requester.close();
  }
}

async function compareAll(
  projection: CliProjection,
  requester: Requester,
  chosen: readonly OwnedSource[],
  options: VerifySourcesOptions,
  signal: AbortSignal,
): Promise<readonly SourceReport[]> {
  const pool = projection.openPool(2);
  const reports: SourceReport[] = [];
  for (const source of chosen)
    reports.push(await reportOn({ projection, requester, pool, signal }, source, options));
  return reports;
}

export interface Comparing {
  readonly projection: CliProjection;
  readonly requester: Requester;
  readonly pool: Pool;
  readonly signal: AbortSignal;
}

/** What stands in the way of one source is told in its report, and leaves the others to be looked at. */
export async function reportOn(
  { projection, requester, pool, signal }: Comparing,
  source: OwnedSource,
  { contents = false, wait }: Pick<VerifySourcesOptions, 'contents' | 'wait'>,
): Promise<SourceReport> {
  const startedAt = performance.now();
  const shown = showPhases({ subject: source.name });
  try {
    const asked = {
      requester,
      source: source.name,
      owner: source.owner,
      signal,
      repeatMs: 5_000,
      giveUpMs: 20_000,
    };
    const verified = await verifySource({
      pool,
      source: source.name,
      service: serviceSide(asked, projection.config.BUS_PREFIX, contents),
      contents,
      signal,
      settleMs: wait * 1_000,
      onProgress: (phase, done, total) =>
        shown.update({ phase, done, total, unit: phase === 'compare' ? 'ranges' : 'aggregates' }),
    });
    return { ...source, ...verified, seconds: (performance.now() - startedAt) / 1_000 };
  } catch (error) {
    const cause = signal.aborted ? new InterruptedError() : error;
    const remedy = cause instanceof PrejoinError ? (cause.remedy ?? null) : null;
    return { ...source, verdict: 'unseen', problem: messageOf(cause), remedy };
  } finally {
    shown.finish();
  }
}

/** A difference counts for more than what could not be told: it is there whatever the rest is like. */
function verdictOf(sources: readonly SourceReport[]): SourcesReport['verdict'] {
  if (sources.some(({ verdict }) => verdict === 'different')) return 'different';
  return sources.every(({ verdict }) => verdict === 'equal') ? 'equal' : 'unknown';
}
