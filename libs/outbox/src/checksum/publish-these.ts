import { systemClock } from '#kernel';
import { appendEncoded, defaultMaxEventBytes } from '../append.js';
import { encodeEvent } from '../encode-event.js';
import { eventName, type ComparedSource, type PublishedSource } from '../resync/published-source.js';
import { readEpoch } from '../source-epoch.js';
import type { Transaction } from '../transaction.js';

export interface PublishedAgain {
  readonly epoch: number;
  readonly aggregates: readonly { readonly id: string; readonly version: number }[];
}

/** Appends an event for each of these aggregates that has a row, at the version that it has. */
export async function publishThese(
  tx: Transaction,
  { contract }: PublishedSource,
  compared: ComparedSource,
  ids: readonly string[],
): Promise<PublishedAgain> {
  const found = await compared.readThese(tx, ids, 'locked');
  const name = eventName(contract.name, 'PublishedAgain');
  const occurredAt = systemClock.now().toISOString();
  const appended = await appendEncoded(tx, contract.name, (epoch) =>
    found.map(({ id, version, data }) =>
      encodeEvent(
        contract,
        {
          name,
          aggregateId: id,
          epoch,
          version,
          deleted: data === null,
          occurredAt,
          traceparent: null,
          data,
        },
        defaultMaxEventBytes,
      ),
    ),
  );
  const [first] = appended;
  return {
    epoch: first?.envelope.epoch ?? (await readEpoch(tx, contract.name)),
    aggregates: found.map(({ id, version }) => ({ id, version })),
  };
}
