import { canBeExceeded, epochOf } from '../revision/revision.js';
import { currentRevision } from '../revision/snapshot.js';
import { raiseEpoch } from '../generations/epoch.js';
import { stopGeneration } from '../generations/stop.js';
import type { BuildContext, BuiltWrite } from './build-roots.js';

/** The roots whose marks must not go yet, with the reason. */
export type Unfinished = ReadonlyMap<string, string>;

/**
 * Decides by design rule 9 which roots are not finished, and acts on what concerns more than one document: a generation
 * whose index is gone is stopped, a revision from the future raises the epoch, an answer that needs a person alarms.
 */
export async function judge(
  context: BuildContext,
  view: string,
  revision: number,
  writes: readonly BuiltWrite[],
): Promise<Unfinished> {
  report(context, view, writes);
  await stopUnavailable(context, writes);
  const unfinished = new Map<string, string>();
  for (const { rootId, outcome } of writes) {
    if (outcome.kind === 'retry' || outcome.kind === 'index_unavailable')
      unfinished.set(rootId, outcome.reason);
  }
  for (const rootId of await raiseIfAhead(context, view, revision, writes)) {
    unfinished.set(rootId, 'its document had a revision from the future');
  }
  return unfinished;
}

function report({ metrics, logger }: BuildContext, view: string, writes: readonly BuiltWrite[]): void {
  const count = (kind: BuiltWrite['outcome']['kind']): number =>
    writes.filter(({ outcome }) => outcome.kind === kind).length;
  metrics.documents(view, 'indexed', count('done'));
  metrics.documents(view, 'unchanged', count('unchanged'));
  metrics.documents(view, 'superseded', count('superseded'));
  metrics.documents(view, 'retried', count('retry') + count('index_unavailable'));
  metrics.documents(view, 'refused', count('refused'));
  const alarming = writes.find(({ outcome }) => outcome.kind === 'retry' && outcome.alarm);
  if (alarming?.outcome.kind === 'retry') {
    metrics.alarm('write_refused_by_server');
    logger.error(
      {
        alarm: 'write_refused_by_server',
        view,
        index: alarming.generation.indexName,
        reason: alarming.outcome.reason,
      },
      'The index refuses writes for a reason that repeating will not heal; marks are kept and repeated with back-off',
    );
  }
}

async function stopUnavailable(
  { pool, logger, metrics }: BuildContext,
  writes: readonly BuiltWrite[],
): Promise<void> {
  const gone = writes.filter(({ outcome }) => outcome.kind === 'index_unavailable');
  const byIndex = new Map(gone.map((write) => [write.generation.indexName, write]));
  for (const { generation, outcome } of byIndex.values()) {
    if (outcome.kind !== 'index_unavailable') continue;
    metrics.alarm('generation_stopped');
    await stopGeneration(pool, generation, outcome.reason, logger);
  }
}

/**
 * Returns the roots whose stored revision is above one that is taken now, and raises the epoch above it.
 *
 * A conflict with a newer revision is everyday life: another builder had a later snapshot. But that snapshot was taken
 * before now, so a revision above a fresh one was never given out by this database as it is: it was restored, or lost
 * transactions in a crash. Left alone, its documents would refuse every change until the counter caught up.
 */
async function raiseIfAhead(
  { pool, logger, metrics }: BuildContext,
  view: string,
  revision: number,
  writes: readonly BuiltWrite[],
): Promise<readonly string[]> {
  const conflicts = writes.flatMap(({ rootId, outcome }) =>
    outcome.kind === 'superseded' && outcome.current !== null && outcome.current > revision
      ? [{ rootId, current: outcome.current }]
      : [],
  );
  if (conflicts.length === 0) return [];
  const fresh = await currentRevision(pool);
  const ahead = conflicts.filter(({ current }) => current > fresh);
  if (ahead.length === 0) return [];
  metrics.alarm('revision_ahead');
  // One document that somebody wrote at the end of the range must not take the epoch there, where nothing can be built.
  const beyond = ahead.filter(({ current }) => !canBeExceeded(current));
  if (beyond.length > 0)
    logger.error(
      { alarm: 'revision_ahead', view, roots: beyond.slice(0, 10) },
      `${beyond.length} document(s) of view ${view} have revisions that no epoch can be raised above, and refuse all changes. ` +
        `Run: npx prejoin rebuild ${view}`,
    );
  const mendable = ahead.filter(({ current }) => canBeExceeded(current));
  if (mendable.length === 0) return [];
  const highest = Math.max(...mendable.map(({ current }) => current));
  await raiseEpoch(
    pool,
    epochOf(highest),
    `a document of view ${view} has revision ${highest}, above the newest, ${fresh}`,
    logger,
  );
  return mendable.map(({ rootId }) => rootId);
}
