import type { Envelope } from '#messaging';
import type { Random } from './random.js';

/** The newest state of everything that was published: of each aggregate its last event. */
export function newestStates(events: Iterable<Envelope>): ReadonlyMap<string, Envelope> {
  const newest = new Map<string, Envelope>();
  for (const event of events) {
    const key = `${event.source} ${event.aggregateId}`;
    const known = newest.get(key);
    if (known === undefined || event.version > known.version) newest.set(key, event);
  }
  return newest;
}

export function shuffled<T>(items: readonly T[], random: Random): readonly T[] {
  return items
    .map((item) => ({ item, at: random.below(1_000_000) }))
    .sort((x, y) => x.at - y.at)
    .map(({ item }) => item);
}
