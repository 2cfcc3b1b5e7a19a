import { audited } from '#projection';
import { grouped } from '../output.js';
import { visible } from '../dead-letters/visible.js';
import { ExitWith } from '../exit-with.js';
import { showPhases } from '../show-phases.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import { formatSources } from './format-sources.js';
import { mendCopies, type Mended } from './mend.js';
import { ownedSources, type OwnedSource } from './owned-sources.js';
import { serviceSide } from './service-side.js';
import type { SourceReport } from './report.js';
import { reportOn, withServices, type Comparing } from './verify-sources.js';

export interface RepairSourcesOptions {
  readonly json?: boolean;
  readonly contents?: boolean;
  readonly dryRun?: boolean;
  readonly wait: number;
  readonly limit: number;
}

const patienceMs = 30_000;

type SourceRepair = OwnedSource &
  (Mended | { readonly problem: string; readonly remedy: string | null }) & { readonly unknown: number };

/** `prejoin repair --sources [names...]`. @throws {ExitWith} 1 when something is left, 2 when it could not be told */
export async function repairSources(names: readonly string[], options: RepairSourcesOptions): Promise<void> {
  const chosen = ownedSources(names);
  await withProjection(async (projection) => {
    const signal = interrupted();
    await withServices(projection, async (requester) => {
      const comparing: Comparing = { projection, requester, pool: projection.openPool(2), signal };
      const reports: SourceReport[] = [];
      for (const source of chosen) reports.push(await reportOn(comparing, source, options));
      if (options.dryRun === true) return printProposal(projection, reports, options);
      const repairs: SourceRepair[] = [];
      for (const report of reports) repairs.push(await repairOne(comparing, report));
      print(repairs, options);
    });
  });
}

function printProposal(
  { config }: CliProjection,
  sources: readonly SourceReport[],
  { json, contents = false, limit }: RepairSourcesOptions,
): void {
  const verdict = sources.some((one) => one.verdict === 'different') ? 'different' : 'equal';
  const report = {
    report: 'prejoin verify --sources',
    format: 1,
    environment: config.PREJOIN_ENVIRONMENT,
    contents,
    verdict,
    sources,
  } as const;
  process.stdout.write(`${json === true ? JSON.stringify(report, null, 2) : formatSources(report, limit)}\n`);
  if (sources.some((one) => one.verdict === 'unseen' || one.verdict === 'unknown')) throw new ExitWith(2);
}

async function repairOne(comparing: Comparing, report: SourceReport): Promise<SourceRepair> {
  const { name, owner } = report;
  if (report.verdict === 'unseen') {
    const { problem, remedy } = report;
    return { name, owner, problem, remedy, unknown: 0 };
  }
  const unknown = report.unsettled.length + report.notLookedAt;
  const ids = report.differences.map(({ id }) => id);
  if (ids.length === 0) return { name, owner, mended: 0, left: [], unknown };
  return { name, owner, ...(await mendAudited(comparing, report, ids, 'repair')), unknown };
}

/** Mends these aggregates of a source, with an entry in the audit and progress on standard error. */
export async function mendAudited(
  { projection, requester, pool, signal }: Comparing,
  { name, owner }: OwnedSource,
  ids: readonly string[],
  command: 'repair' | 'resync',
): Promise<Mended> {
  const { operator, logger, config } = projection;
  const asked = { requester, source: name, owner, signal, repeatMs: 5_000, giveUpMs: 20_000 };
  const shown = showPhases({ subject: name });
  const entry = { operator, command, subject: name, options: { sources: true, aggregates: ids.length } };
  return audited({ pool, logger }, entry, () =>
    mendCopies(ids, {
      pool,
      asked,
      service: serviceSide(asked, config.BUS_PREFIX, true),
      patienceMs,
      onProgress: (done, total) => shown.update({ phase: 'mend', done, total, unit: 'aggregates' }),
    }),
  ).finally(() => shown.finish());
}

function print(repairs: readonly SourceRepair[], { json, limit }: RepairSourcesOptions): void {
  const text = json === true ? JSON.stringify(repairs, null, 2) : formatRepairs(repairs, limit);
  process.stdout.write(`${text}\n`);
  if (repairs.some((one) => 'left' in one && one.left.length > 0)) throw new ExitWith(1);
  if (repairs.some((one) => !('left' in one) || one.unknown > 0)) throw new ExitWith(2);
}

export function formatRepairs(repairs: readonly SourceRepair[], limit: number): string {
  return repairs
    .flatMap((one) => {
      if (!('left' in one)) return [`${one.name} (${one.owner}) could not be compared: ${one.problem}`];
      const { name, owner, mended, left, unknown } = one;
      return [
        `${name} (${owner}): ${grouped(mended)} mended, ${grouped(left.length)} left.`,
        ...left.slice(0, limit).map(({ id, reason }) => `  ${visible(id)}: ${reason}`),
        ...(unknown > 0 ? [`  ${unknown} could not be told and were left alone; run it again.`] : []),
      ];
    })
    .join('\n');
}
