import { newId, PrejoinError } from '#kernel';
import { decodeEnvelope, encodeEnvelope, type Envelope } from '#messaging';

/** What a service may publish of one source. `faults` names all that is wrong with a state, as sentences. */
export interface EventContract {
  /** The source's name. */
  readonly name: string;
  faults(state: unknown): readonly string[];
}

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

/** An event as its outbox row will hold it. */
export interface EncodedEvent<State = unknown> {
  readonly envelope: Envelope<State>;
  readonly body: Buffer;
}

/**
 * The event with an id of its own, encoded and validated as a consumer would read it.
 * @throws {EventRefusedError} for a state that the contract does not declare, a bad envelope, or too large a body
 */
export function encodeEvent<State>(
  contract: EventContract,
  event: Omit<Envelope<State>, 'id' | 'source'>,
  maxBytes: number,
): EncodedEvent<State> {
  const envelope: Envelope<State> = { id: newId(), source: contract.name, ...event };
  return { envelope, body: encodeValid(envelope, contract, maxBytes) };
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
