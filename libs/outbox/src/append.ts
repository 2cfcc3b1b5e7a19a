import { newId, PrejoinError, systemClock, type Clock } from '#kernel';
import { decodeEnvelope, encodeEnvelope, routingKeyOf, type Envelope } from '#messaging';
import type { Transaction } from './transaction.js';

/** What a service may publish of one source. `faults` names all that is wrong with a state, as sentences. */
export interface EventContract {
  /** The source's name. */
  readonly name: string;
  faults(state: unknown): readonly string[];
}

interface NewEventBase {
  /** The business name, in the past tense: `OrderPlaced`. */
  readonly name: string;
  readonly aggregateId: string;
  /** The aggregate's version after this event, raised under its row lock. */
  readonly version: number;
  /** The source epoch; 0 unless the service's database was ever restored to an older state. */
  readonly epoch?: number;
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

/** The event was not appended; the transaction should be rolled back by letting this error through. */
export class EventRefusedError extends PrejoinError {
  constructor(
    code: 'event_outside_transaction' | 'event_invalid' | 'event_too_large',
    message: string,
    remedy: string,
    cause?: unknown,
  ) {
    super(code, message, { remedy, cause });
  }
}

/**
 * Puts an event into the outbox within the transaction that changes its aggregate, and returns the envelope that the
 * relay will publish. What is validated are the bytes that go out, read back as a consumer would.
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
  const envelope: Envelope<State> = {
    id: newId(),
    name: event.name,
    source: contract.name,
    aggregateId: event.aggregateId,
    epoch: event.epoch ?? 0,
    version: event.version,
    deleted: event.deleted ?? false,
    occurredAt: clock.now().toISOString(),
    traceparent: event.traceparent ?? null,
    data: event.data ?? null,
  };
  const body = encodeValid(envelope, contract, maxBytes);
  await tx.query(
    `INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      envelope.id,
      envelope.source,
      envelope.aggregateId,
      envelope.name,
      envelope.epoch,
      envelope.version,
      routingKeyOf(envelope),
      body,
    ],
  );
  return envelope;
}

/** The type refuses a manager without a transaction; this refuses one whose transaction has ended, and a forced cast. */
function refuseOutsideTransaction(tx: Transaction): void {
  const { queryRunner } = tx;
  if (queryRunner !== undefined && queryRunner.isTransactionActive && !queryRunner.isReleased) return;
  throw new EventRefusedError(
    'event_outside_transaction',
    'An event can be appended only inside the transaction that changes its aggregate.',
    'Call append within the function given to inTransaction, and await it before that function ends.',
  );
}

function encodeValid(envelope: Envelope, contract: EventContract, maxBytes: number): Buffer {
  const what = `${envelope.name} of ${envelope.source}/${envelope.aggregateId}`;
  const body = encodeOrRefuse(envelope, what);
  if (body.length > maxBytes) {
    throw new EventRefusedError(
      'event_too_large',
      `${what} has ${body.length} bytes; an event may have at most ${maxBytes}.`,
      'Split the aggregate, or keep large content elsewhere and publish a reference to it.',
    );
  }
  const decoded = decodeEnvelope(body, maxBytes);
  if ('fault' in decoded) throw invalid(what, [decoded.fault]);
  const faults = decoded.envelope.deleted ? [] : contract.faults(decoded.envelope.data);
  if (faults.length > 0) throw invalid(what, faults);
  return body;
}

function encodeOrRefuse(envelope: Envelope, what: string): Buffer {
  try {
    return encodeEnvelope(envelope);
  } catch (error) {
    throw invalid(what, ['Its state can not be written as JSON.'], error);
  }
}

function invalid(what: string, faults: readonly string[], cause?: unknown): EventRefusedError {
  return new EventRefusedError(
    'event_invalid',
    `${what} can not be published: ${faults.join(' ')}`,
    'Publish what the source declares, or change the declaration.',
    cause,
  );
}
