import { hostname } from 'node:os';
import { PrejoinError, showProgress, type Progress, type ProgressStream } from '#kernel';
import {
  noBuildMetrics,
  rebuild,
  type RebuildPhase,
  type RebuildProgress,
  type RebuildResult,
} from '#projection';
import type { Projection } from '../projection.js';

export interface RebuildCommandOptions {
  readonly acceptRefused?: boolean;
  readonly keepHours: number;
  readonly chunk: number;
}

/** The view is not among those that the code declares. */
export class ViewUnknownError extends PrejoinError {
  constructor(view: string, known: readonly string[]) {
    super('view_unknown', `There is no view '${view}'.`, { remedy: `The views are: ${known.join(', ')}.` });
  }
}

/** Rebuilds one view with progress on `stream`; Ctrl-C gives it up and leaves the live generation as it is. */
export async function rebuildView(
  projection: Projection,
  view: string,
  options: RebuildCommandOptions,
  signal: AbortSignal,
  stream: ProgressStream = process.stderr,
): Promise<RebuildResult> {
  const { declared, index, config, logger } = projection;
  const plan = declared.plans.find((one) => one.view === view);
  if (plan === undefined)
    throw new ViewUnknownError(
      view,
      declared.plans.map((one) => one.view),
    );
  const shown = showPhases(view, stream);
  try {
    return await rebuild({
      plan,
      // Two chunks in flight, the drain's claim with its reader, the lease, and a lock that is held beside them.
      pool: projection.openPool(8),
      index,
      computes: declared.computes,
      indexPrefix: config.INDEX_PREFIX,
      deadlineMs: config.BUILD_DEADLINE_MS,
      holder: `${hostname()}, process ${process.pid}`,
      logger,
      metrics: noBuildMetrics,
      signal,
      onProgress: shown.update,
      acceptRefused: options.acceptRefused ?? false,
      chunk: options.chunk,
      keepPreviousMs: options.keepHours * 3_600_000,
    });
  } finally {
    shown.finish();
  }
}

const units: Readonly<Record<RebuildPhase, string>> = {
  scan: 'roots',
  drain: 'marks',
  verify: 'roots',
  swap: 'alias',
};

/** One bar after the other, each ended by the next phase. */
function showPhases(view: string, stream: ProgressStream) {
  let current: { readonly phase: RebuildPhase; readonly bar: Progress } | null = null;
  return {
    update: ({ phase, done, total }: RebuildProgress): void => {
      if (current?.phase !== phase) {
        current?.bar.finish();
        current = { phase, bar: showProgress({ label: `${phase} ${view}`, unit: units[phase], stream }) };
      }
      current.bar.update(done, total);
    },
    finish: (): void => current?.bar.finish(),
  };
}

export function formatResult(view: string, result: RebuildResult, keepHours: number): string {
  const parts = [
    `View ${view} is served from ${result.indexName}, with ${result.documents.toLocaleString('en')} documents.`,
  ];
  if (result.resumed) parts.push('It went on with a rebuild that had been killed.');
  if (result.refused > 0)
    parts.push(`${result.refused} documents were refused by the index: see the dead letters.`);
  if (result.previousIndexName !== null && keepHours > 0) {
    parts.push(`${result.previousIndexName} is kept current for a rollback, for ${keepHours} h.`);
  }
  return parts.join(' ');
}
