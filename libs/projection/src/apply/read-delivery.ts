import { decodeEnvelope, type Delivery, type Envelope } from '#messaging';
import type { Contract, ReceivedState } from '#views';
import { emptyLetter, storable, type DeadLetter } from '../dead-letters/dead-letters.js';
import type { Change } from './change.js';

/** A source whose events are received: what it looks like, and how its states are checked on the way in. */
export type ReceivedSource = Pick<Contract, 'description' | 'received'>;

export type ReadDelivery =
  | {
      readonly kind: 'change';
      readonly change: Change;
      readonly openValues: readonly string[];
      readonly delivery: Delivery;
    }
  | { readonly kind: 'fault'; readonly letter: DeadLetter };

/** Turns a message into the change that it carries, or into a dead letter that says why it carries none. Never throws. */
export function readDelivery(delivery: Delivery, sources: ReadonlyMap<string, ReceivedSource>): ReadDelivery {
  const decoded = decodeEnvelope(delivery.body);
  if ('fault' in decoded) return fault(delivery, decoded.fault, glimpse(delivery.body));
  const { envelope } = decoded;
  const source = sources.get(envelope.source);
  if (source === undefined) {
    return fault(delivery, `No source named '${envelope.source}' is known here.`, envelope);
  }
  const state = envelope.deleted ? { faults: [], openValues: [] } : stateOf(envelope, source);
  if (state.faults.length > 0) return fault(delivery, state.faults.join(' '), envelope);
  return { kind: 'change', change: changeOf(envelope), openValues: state.openValues, delivery };
}

function stateOf(envelope: Envelope, source: ReceivedSource): ReceivedState {
  const state = source.received(envelope.data);
  const id = (envelope.data as { readonly id?: unknown } | null)?.id;
  if (id === envelope.aggregateId) return state;
  // The copy is kept by the one and documents show the other.
  return {
    ...state,
    faults: [...state.faults, `The state's id is not the envelope's aggregateId '${envelope.aggregateId}'.`],
  };
}

function changeOf(envelope: Envelope): Change {
  return {
    source: envelope.source,
    id: envelope.aggregateId,
    epoch: envelope.epoch,
    version: envelope.version,
    deleted: envelope.deleted,
    occurredAt: envelope.occurredAt,
    eventId: envelope.id,
    traceparent: envelope.traceparent,
    data: envelope.deleted ? null : JSON.stringify(envelope.data),
  };
}

type Named = Pick<DeadLetter, 'source' | 'aggregateId' | 'epoch' | 'version'>;

function fault(delivery: Delivery, reason: string, named: Named): ReadDelivery {
  const { source, aggregateId, epoch, version } = named;
  const { body, messageId } = delivery;
  return {
    kind: 'fault',
    letter: {
      ...emptyLetter,
      kind: 'envelope',
      reason,
      source: storable(source, 128),
      aggregateId: storable(aggregateId, 256),
      epoch,
      version,
      body,
      messageId,
    },
  };
}

const nameless: Named = { source: null, aggregateId: null, epoch: null, version: null };

/** What a broken message says of itself, so that people find it and a newer version can heal its letter. */
function glimpse(body: Buffer): Named {
  const found = parsed(body);
  if (typeof found !== 'object' || found === null) return nameless;
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);
  const whole = (value: unknown): number | null =>
    typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
  const { source, aggregateId, epoch, version } = found as Record<string, unknown>;
  return {
    source: text(source),
    aggregateId: text(aggregateId),
    epoch: whole(epoch),
    version: whole(version),
  };
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    // The decoder has said so already, and its sentence is the letter's reason.
    return null;
  }
}
