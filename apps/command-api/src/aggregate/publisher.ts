import { currentTrace } from '#kernel';
import type { Envelope } from '#messaging';
import { append, type Transaction } from '#outbox';
import { contractOf, type Source, type StateOf } from '#views';
import type { Written } from './outcome.js';

/** The version that an event gives its aggregate, and the event's business name in the past tense. */
interface Change {
  readonly name: string;
  readonly id: string;
  readonly version: number;
}

/** Appends the events of one source, in the trace of the request that is running. */
export interface SourcePublisher<S> {
  changed(tx: Transaction, change: Change, state: StateOf<S> & object): Promise<Written>;
  deleted(tx: Transaction, change: Change): Promise<Written>;
}

export function publisherOf<S extends Source>(source: S): SourcePublisher<S> {
  const contract = contractOf(source);
  const written = (event: Envelope, { id, version }: Change): Written => ({
    eventId: event.id,
    source: source.name,
    id,
    epoch: event.epoch,
    version,
  });
  const base = ({ name, id, version }: Change) => ({
    name,
    aggregateId: id,
    version,
    traceparent: currentTrace()?.traceparent ?? null,
  });
  return {
    async changed(tx, change, state) {
      const event = await append(tx, contract, { ...base(change), data: state });
      return written(event, change);
    },
    async deleted(tx, change) {
      const event = await append(tx, contract, { ...base(change), deleted: true });
      return written(event, change);
    },
  };
}
