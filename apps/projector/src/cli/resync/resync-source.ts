import type { Pool } from 'pg';
import { PrejoinError, showProgress, type Progress, type ProgressStream } from '#kernel';
import { busNames, type Requester } from '#messaging';
import { countCopies, countUnchanged, highestEpoch, pageOfCopies, type CopiedVersion } from '#projection';
import { askGone, publishAgain, type Asked } from './ask-service.js';
import { untilApplied } from './until-applied.js';

export interface ResyncChoice {
  readonly raiseEpoch: boolean;
  /** Leaves copies alone that the service does not have any more. */
  readonly keepMissing: boolean;
}

export interface ResyncDependencies extends Omit<Asked, 'source' | 'owner'> {
  readonly pool: Pool;
  readonly requester: Requester;
  readonly busPrefix: string;
  readonly stream: ProgressStream;
}

/** What became of one source; all but the epoch are counts of aggregates. */
export interface SourceResult {
  readonly source: string;
  readonly epoch: number;
  readonly published: number;
  /** Published and not applied: the projector has them in its dead letters. */
  readonly notApplied: number;
  /** Copies that the service was asked about. */
  readonly checked: number;
  readonly removed: number;
  /** Copies that are newer than the service's own rows. */
  readonly ahead: number;
}

const pageOfQuestions = 500;

/**
 * Has one source published again, waits until the projector has applied it, and has the copies removed that its service
 * does not have. In this order: what is asked about last is then what the service would not publish.
 */
export async function resyncSource(
  source: string,
  owner: string,
  choice: ResyncChoice,
  deps: ResyncDependencies,
): Promise<SourceResult> {
  const asked: Asked = { ...deps, source, owner };
  const copied = await highestEpoch(deps.pool, source);
  const published = await publish(asked, copied, choice, deps);
  const notApplied = await apply(asked, published.done, published.epoch, deps);
  const { checked, gone, ahead } = choice.keepMissing
    ? { checked: 0, gone: [], ahead: 0 }
    : await check(asked, deps);
  await untilRemoved(asked, gone, deps);
  return {
    source,
    epoch: published.epoch,
    published: published.done,
    notApplied,
    checked,
    removed: gone.length,
    ahead,
  };
}

async function publish(
  asked: Asked,
  copied: number,
  { raiseEpoch }: ResyncChoice,
  { stream }: ResyncDependencies,
) {
  const { source, owner } = asked;
  return withBar(`publish ${source}`, 'aggregates', stream, (bar) =>
    publishAgain(asked, raiseEpoch ? copied : null, ({ done, total, epoch }) => {
      if (epoch < copied) throw epochBehind(source, owner, epoch, copied);
      bar.update(done, Math.max(done, total));
    }),
  );
}

async function apply(
  { source, signal, requester }: Asked,
  expected: number,
  epoch: number,
  { pool, busPrefix, stream }: ResyncDependencies,
): Promise<number> {
  return withBar(`apply ${source}`, 'copies', stream, (bar) =>
    untilApplied({
      source,
      expected,
      signal,
      look: async () => ({
        waiting: await requester.waiting(busNames(busPrefix).projectorQueue),
        applied: await countCopies(pool, source, epoch),
      }),
      onProgress: (applied) => bar.update(applied, expected),
      onStall: (waiting) => sayStalled(stream, waiting),
    }),
  );
}

async function check(asked: Asked, { pool, stream }: ResyncDependencies) {
  const { source } = asked;
  const gone: CopiedVersion[] = [];
  let [checked, ahead] = [0, 0];
  await withBar(`check ${source}`, 'copies', stream, async (bar) => {
    const total = await countCopies(pool, source, 0);
    for (let after = ''; ;) {
      const page = await pageOfCopies(pool, source, after, pageOfQuestions);
      const last = page.at(-1);
      if (last === undefined) return;
      const answer = await askGone(asked, page);
      const ids = new Set(answer.ids);
      gone.push(...page.filter(({ id }) => ids.has(id)));
      ahead += answer.ahead.length;
      checked += page.length;
      after = last.id;
      bar.update(checked, total);
    }
  });
  return { checked, gone, ahead };
}

async function untilRemoved(
  { source, signal, requester }: Asked,
  gone: readonly CopiedVersion[],
  { pool, busPrefix, stream }: ResyncDependencies,
): Promise<void> {
  if (gone.length === 0) return;
  await withBar(`remove ${source}`, 'copies', stream, async (bar) => {
    const left = await untilApplied({
      source,
      expected: gone.length,
      signal,
      look: async () => ({
        waiting: await requester.waiting(busNames(busPrefix).projectorQueue),
        applied: gone.length - (await countUnchanged(pool, source, gone)),
      }),
      onProgress: (removed) => bar.update(removed, gone.length),
      onStall: (waiting) => sayStalled(stream, waiting),
    });
    if (left > 0) throw notRemoved(source, left);
  });
}

async function withBar<T>(
  label: string,
  unit: string,
  stream: ProgressStream,
  work: (bar: Progress) => Promise<T>,
): Promise<T> {
  const bar = showProgress({ label, unit, stream });
  try {
    return await work(bar);
  } finally {
    bar.finish();
  }
}

function sayStalled(stream: ProgressStream, waiting: number): void {
  // A terminal's bar has no end of line.
  stream.write(
    `${stream.isTTY === true ? '\n' : ''}${waiting} messages wait and the projector takes none: does it run?\n`,
  );
}

function epochBehind(source: string, owner: string, epoch: number, copied: number): PrejoinError {
  return new PrejoinError(
    'epoch_behind',
    `The service ${owner} publishes ${source} under epoch ${epoch}, and its copies have ${copied}: nothing that it says would count.`,
    {
      remedy: `Its database was restored to an older state. Run: npx prejoin resync ${source} --raise-epoch`,
    },
  );
}

function notRemoved(source: string, count: number): PrejoinError {
  return new PrejoinError(
    'copies_not_removed',
    `${count} copies of ${source} are gone from their service and were not removed.`,
    { remedy: 'Look at the dead letters of the outbox and of the projector, and run the command again.' },
  );
}
