/** The exchanges, queues and bindings of one installation, as data: declared again at every (re)connect. */
export interface Topology {
  readonly exchanges: readonly { readonly name: string; readonly type: 'topic' | 'fanout' }[];
  readonly queues: readonly QueueDeclaration[];
}

export interface QueueDeclaration {
  readonly name: string;
  readonly bindings: readonly { readonly exchange: string; readonly routingKey: string }[];
  /** Where the broker puts what it gives up on: a backstop only, since faults are parked in PostgreSQL. */
  readonly deadLetterExchange?: string;
  readonly deliveryLimit?: number;
}

export interface BusNames {
  readonly events: string;
  readonly projectorQueue: string;
  readonly deadLetterExchange: string;
  readonly deadLetterQueue: string;
}

/** All names on the broker begin with `prefix`, so that installations share a broker without meeting. */
export function busNames(prefix: string): BusNames {
  return {
    events: `${prefix}.events`,
    projectorQueue: `${prefix}.projector`,
    deadLetterExchange: `${prefix}.dead-letters`,
    deadLetterQueue: `${prefix}.dead-letters`,
  };
}

/**
 * What every relay and every projector of an installation declares. Both declare the same whole: an event that is
 * published before the projector's first start waits in its queue, instead of being returned as unroutable.
 */
export function eventTopology(prefix: string): Topology {
  const names = busNames(prefix);
  return {
    exchanges: [
      { name: names.events, type: 'topic' },
      { name: names.deadLetterExchange, type: 'fanout' },
    ],
    queues: [
      { name: names.deadLetterQueue, bindings: [{ exchange: names.deadLetterExchange, routingKey: '' }] },
      {
        name: names.projectorQueue,
        bindings: [{ exchange: names.events, routingKey: '#' }],
        deadLetterExchange: names.deadLetterExchange,
      },
    ],
  };
}

/** The queue that the owner of sources takes requests from (requests/request.ts). */
export function requestQueue(prefix: string, owner: string): string {
  return `${prefix}.requests.${owner}`;
}

/** The queue that answers to the one who asks come to; it lives as long as its connection. */
export function replyQueue(prefix: string, id: string): string {
  return `${replyQueuePrefix(prefix)}${id}`;
}

export function replyQueuePrefix(prefix: string): string {
  return `${prefix}.replies.`;
}

/** What an owner declares to be asked. No dead letters: who asks waits for an answer, and misses it if it is lost. */
export function requestTopology(prefix: string, owner: string): Topology {
  return { exchanges: [], queues: [{ name: requestQueue(prefix, owner), bindings: [] }] };
}

/** The routing key of an event: `<source>.<EventName>`, so that a queue can bind to a source by `order.*`. */
export function routingKeyOf(event: { readonly source: string; readonly name: string }): string {
  return `${event.source}.${event.name}`;
}
