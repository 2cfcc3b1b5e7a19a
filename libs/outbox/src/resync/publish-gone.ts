import { PrejoinError, systemClock } from '#kernel';
import type { CopyVersion } from '#messaging';
import { appendEncoded, defaultMaxEventBytes } from '../append.js';
import { encodeEvent } from '../encode-event.js';
import { readEpoch } from '../source-epoch.js';
import type { Transaction } from '../transaction.js';
import { eventName, type PublishedSource } from './published-source.js';

export interface Gone {
  readonly ids: readonly string[];
  /** Copies of a version that the aggregate does not have yet. */
  readonly ahead: readonly string[];
}

/**
 * Finds the copies that have no aggregate, and appends the deletion of each.
 *
 * Nothing races: a copy exists only after its event, and so its row, was committed, and an id is never given out again
 * within an epoch. So a service that looks afterwards and finds no row has deleted it, or lost it in a restore.
 *
 * A deletion is published at the *copy's* epoch, one version above it. That is above the copy, and below whatever the
 * service publishes under a raised epoch: an id that is taken again after a restore (callers may choose ids, and repeat
 * what was lost) must not be deleted by it.
 * @throws {PrejoinError} `epoch_behind` when a copy has a higher epoch than the service
 */
export async function publishGone(
  tx: Transaction,
  published: PublishedSource,
  copies: readonly CopyVersion[],
): Promise<Gone> {
  const { contract } = published;
  const current = await readEpoch(tx, contract.name);
  const above = copies.find(({ epoch }) => epoch > current);
  if (above !== undefined) throw epochBehind(contract.name, current, above.epoch);

  const found = await published.versions(
    tx,
    copies.map(({ id }) => id),
  );
  const gone = copies.filter(({ id }) => !found.has(id));
  const name = eventName(contract.name, 'FoundGone');
  const occurredAt = systemClock.now().toISOString();
  await appendEncoded(tx, contract.name, () =>
    gone.map(({ id, epoch, version }) =>
      encodeEvent(
        contract,
        {
          name,
          aggregateId: id,
          epoch,
          version: version + 1,
          deleted: true,
          occurredAt,
          traceparent: null,
          data: null,
        },
        defaultMaxEventBytes,
      ),
    ),
  );
  const isAhead = ({ id, epoch, version }: CopyVersion): boolean =>
    epoch === current && version > (found.get(id) ?? Infinity);
  return { ids: gone.map(({ id }) => id), ahead: copies.filter(isAhead).map(({ id }) => id) };
}

function epochBehind(source: string, current: number, found: number): PrejoinError {
  return new PrejoinError(
    'epoch_behind',
    `Copies of ${source} have epoch ${found}, and the service publishes under ${current}: nothing that it says would count.`,
    {
      remedy: `Its database was restored to an older state. Run: npx prejoin resync ${source} --raise-epoch`,
    },
  );
}
