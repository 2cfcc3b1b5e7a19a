import { newId } from '#kernel';
import { encodeEnvelope, type Delivery, type Envelope } from '#messaging';
import type { ReceivedSource } from '../apply/read-delivery.js';
import { contractOf } from '#views';
import type { ApplyOutcome, DeadLetterKind, ProjectionMetrics } from '../metrics.js';
import { shop } from './shop.js';

/** An event of the shop; `null` deletes. */
export function eventOf(
  source: string,
  aggregateId: string,
  version: number,
  state: Readonly<Record<string, unknown>> | null,
  more: Partial<Envelope> = {},
): Envelope {
  return {
    id: newId(),
    name: 'Changed',
    source,
    aggregateId,
    epoch: 0,
    version,
    deleted: state === null,
    occurredAt: '2026-01-01T00:00:00.000Z',
    traceparent: null,
    data: state === null ? null : { id: aggregateId, ...state },
    ...more,
  };
}

export function deliveryOf(event: Envelope | string, messageId: string | null = null): Delivery {
  const body = typeof event === 'string' ? Buffer.from(event) : encodeEnvelope(event);
  return {
    body,
    routingKey: 'x.Changed',
    messageId: typeof event === 'string' ? messageId : event.id,
    redelivered: false,
  };
}

export const receivedShop: readonly ReceivedSource[] = Object.values(shop).map((source) =>
  contractOf(source),
);

/** Metrics that are added up, to be looked at. */
export function countingMetrics(): ProjectionMetrics & { readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const add = (name: string, count: number): void => {
    if (count > 0) counts[name] = (counts[name] ?? 0) + count;
  };
  return {
    counts,
    applied: (source: string, outcome: ApplyOutcome, count: number) => add(`${source} ${outcome}`, count),
    deadLettered: (kind: DeadLetterKind, count: number) => add(`dead ${kind}`, count),
    unknownEnumValues: (source: string, count: number) => add(`${source} open`, count),
    retried: (code: string) => add(`retried ${code}`, 1),
    fannedOut: (rows: number, marks: number, failed: number) => {
      add('fan-out rows', rows);
      add('fan-out marks', marks);
      add('fan-out failed', failed);
    },
  };
}

/** Text that does not compress, so that it is as large in an index as it looks. */
export function noise(length: number): string {
  let state = 1;
  return Array.from({ length }, () => {
    state = Math.imul(state, 1_103_515_245) + 12_345;
    return String.fromCharCode(0x4e00 + ((state >>> 8) % 20_000));
  }).join('');
}
