import { systemClock, type Clock } from '#kernel';
import type { Envelope } from '#messaging';
import { encodeEvent, EventRefusedError, type EncodedEvent, type EventContract } from './encode-event.js';
import { insertUnderEpoch, sendEvent } from './insert-events.js';
import { openTransactionOf } from './open-transaction.js';
import { rememberedEpoch, readEpoch } from './source-epoch.js';
import type { Transaction } from './transaction.js';

interface NewEventBase {
  /** The business name, in the past tense: `OrderPlaced`. */
  readonly name: string;
  readonly aggregateId: string;
  /** The aggregate's version after this event, raised under its row lock. */
  readonly version: number;
  /** W3C trace context of the request, or null. */
  readonly traceparent?: string | null;
}

/** A change carries the aggregate's whole state; a deletion carries none. */
export type NewEvent<State extends object = object> =
  | (NewEventBase & { readonly deleted?: false; readonly data: State })
  | (NewEventBase & { readonly deleted: true; readonly data?: null });

export interface AppendOptions {
  /** The largest body in bytes: far below every broker's limit, and small enough for a batch of 500 in memory. */
  readonly maxBytes?: number;
  readonly clock?: Clock;
}

export const defaultMaxEventBytes = 256 * 1024;

/**
 * Puts an event into the outbox within the transaction that changes its aggregate, and returns the envelope that the
 * relay will publish. What is validated are the bytes that go out, read back as a consumer would.
 *
 * The insert is on its way when this resolves, and its answer is not waited for: `inTransaction` rejects if it fails.
 * @throws {EventRefusedError} outside an open transaction, for a state that the contract does not declare, for a bad
 *   envelope, and for a body above `maxBytes`
 */
export async function append<State extends object>(
  tx: Transaction,
  contract: EventContract,
  event: NewEvent<State>,
  { maxBytes = defaultMaxEventBytes, clock = systemClock }: AppendOptions = {},
): Promise<Envelope<State>> {
  refuseOutsideTransaction(tx);
  const epoch = rememberedEpoch(tx, contract.name) ?? (await readEpoch(tx, contract.name));
  const encoded = encodeEvent<State>(
    contract,
    {
      name: event.name,
      aggregateId: event.aggregateId,
      epoch,
      version: event.version,
      deleted: event.deleted ?? false,
      occurredAt: clock.now().toISOString(),
      traceparent: event.traceparent ?? null,
      data: event.data ?? null,
    },
    maxBytes,
  );
  await sendEvent(tx, encoded);
  return encoded.envelope;
}

/**
 * Appends what `encode` makes for the source's current epoch, in one statement, and waits for it: for work that goes on
 * by how many there were, and would be long to run again. The epoch is the one that this process saw last; only if it was
 * raised meanwhile is it read, and `encode` called again.
 * @throws {EventRefusedError} outside an open transaction; and what `encode` throws
 */
export async function appendEncoded<const Events extends readonly EncodedEvent[]>(
  tx: Transaction,
  source: string,
  encode: (epoch: number) => Events,
): Promise<Events> {
  refuseOutsideTransaction(tx);
  let epoch = rememberedEpoch(tx, source) ?? 0;
  for (;;) {
    const events = encode(epoch);
    if (await insertUnderEpoch(tx, source, epoch, events)) return events;
    epoch = await readEpoch(tx, source);
  }
}

/** The type refuses a manager without a transaction; this refuses one whose transaction has ended, and a forced cast. */
function refuseOutsideTransaction(tx: Transaction): void {
  if (openTransactionOf(tx) !== undefined) return;
  throw new EventRefusedError(
    'event_outside_transaction',
    'An event can be appended only inside the transaction that changes its aggregate.',
    'Call append within the function given to inTransaction, and await it before that function ends.',
  );
}
