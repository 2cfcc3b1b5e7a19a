import { hostname } from 'node:os';
import type { Pool } from 'pg';
import {
  noBuildMetrics,
  readGenerations,
  type RebuildOptions,
  type RebuildPhase,
  type RebuildProgress,
  type RebuildResult,
} from '#projection';
import type { Plan } from '#views';
import { grouped } from './output.js';
import type { Projection } from '../projection.js';
import { showPhases } from './show-phases.js';
import { UsageError } from './usage-error.js';

/** The view is not among those that the code declares. */
export class ViewUnknownError extends UsageError {
  constructor(view: string, known: readonly string[]) {
    super('view_unknown', `There is no view '${view}'.`, { remedy: `The views are: ${known.join(', ')}.` });
  }
}

/** @throws {ViewUnknownError} when the code does not declare the view */
export function planOf({ declared }: Projection, view: string): Plan {
  const plan = declared.plans.find((one) => one.view === view);
  if (plan === undefined)
    throw new ViewUnknownError(
      view,
      declared.plans.map((one) => one.view),
    );
  return plan;
}

/** @throws {ViewUnknownError} when nothing is built of the view, and the code does not declare it either */
export async function knownView(projection: Projection, pool: Pool, view: string): Promise<void> {
  if ((await readGenerations(pool, view)).length === 0) planOf(projection, view);
}

/** What building takes, with a pool that is large enough for `workers` of a scan. */
export function buildContextOf(projection: Projection, workers: number) {
  const { declared, index, config, logger } = projection;
  return {
    // Beside the workers: the drain's claim with its reader, the lease, what is measured, and a lock with work under it.
    pool: projection.openPool(workers + 7),
    index,
    computes: declared.computes,
    deadlineMs: config.BUILD_DEADLINE_MS,
    holder: `${hostname()}, process ${process.pid}`,
    logger,
    metrics: noBuildMetrics,
  } satisfies Partial<RebuildOptions>;
}

const units: Readonly<Record<RebuildPhase, string>> = {
  scan: 'roots',
  drain: 'marks',
  verify: 'roots',
  swap: 'alias',
};

/** Shows the phases of a rebuild: bars on standard error, or lines of JSON on standard output. */
export function showRebuild(view: string, json: boolean) {
  const shown = showPhases({ subject: view, json });
  return {
    update: ({ phase, done, total, yielding }: RebuildProgress): void =>
      shown.update({
        phase,
        done,
        total,
        unit: units[phase],
        ...(yielding === null ? {} : { note: `yields: ${yielding}` }),
      }),
    finish: (): void => shown.finish(),
  };
}

/** What was done, in words; or as the last line of JSON, which says that it is the result. */
export function printResult(json: boolean, facts: object, words: string): void {
  process.stdout.write(`${json ? JSON.stringify({ event: 'result', ...facts }) : words}\n`);
}

export function formatResult(view: string, result: RebuildResult, keepHours: number): string {
  const documents = `with ${grouped(result.documents)} documents`;
  const parts = [
    result.swapped
      ? `View ${view} is served from ${result.indexName}, ${documents}.`
      : `${result.indexName} is complete, ${documents}, and waits for its swap: npx prejoin swap ${view}`,
  ];
  if (result.resumed && result.scanned > 0) parts.push('It went on with a rebuild that had been killed.');
  if (result.refused > 0)
    parts.push(
      `${result.refused} documents were refused by the index: npx prejoin dead-letters list --kind document --view ${view}`,
    );
  if (result.previousIndexName !== null && keepHours > 0) {
    parts.push(`${result.previousIndexName} is kept current for a rollback, for ${keepHours} h.`);
  }
  return [parts.join(' '), ...formatOverridden(result.overridden)].join('\n');
}

export function formatOverridden(overridden: readonly string[]): readonly string[] {
  return overridden.length === 0
    ? []
    : ['It was forced over this:', ...overridden.map((sentence) => `  - ${sentence}`)];
}

export function hoursToMs(count: number): number {
  return count * 3_600_000;
}

export function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}
