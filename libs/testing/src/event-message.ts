import { newId } from '#kernel';
import { encodeEnvelope, type OutgoingMessage } from '#messaging';

export interface EventOf {
  readonly source: string;
  readonly aggregateId: string;
  readonly version: number;
  /** Null is a deletion. */
  readonly state: object | null;
}

/** An event as the relay of its service would publish it: new, of epoch 0, with the whole state of one aggregate. */
export function eventMessage({ source, aggregateId, version, state }: EventOf): OutgoingMessage {
  const id = newId();
  const name = `${source}Changed`;
  const body = encodeEnvelope({
    id,
    name,
    source,
    aggregateId,
    epoch: 0,
    version,
    deleted: state === null,
    occurredAt: new Date().toISOString(),
    traceparent: null,
    data: state,
  });
  return { id, routingKey: `${source}.${name}`, body };
}
