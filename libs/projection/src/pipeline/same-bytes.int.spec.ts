import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope } from '#messaging';
import { shuffled } from '../testing/histories.js';
import { orderBook, orderBookDocuments, orderBookHistory, orderBookSources } from '../testing/order-book.js';
import { differences, openPipeline, type Pipeline } from '../testing/pipeline.js';
import { randomFrom, type Random } from '../testing/random.js';

const SEED = Number(process.env['PIPELINE_BYTES_SEED'] ?? Math.floor(Math.random() * 1e9));
const random = randomFrom(SEED);

/** What holds a reference comes before what it refers to. */
const childFirst = ['shipment', 'payment', 'order', 'product', 'customer'];
const orderings: Readonly<Record<string, (history: readonly Envelope[]) => readonly Envelope[]>> = {
  'delivered twice': (history) => [...history, ...history],
  'each delivered twice in a row': (history) => history.flatMap((event) => [event, event]),
  'in reverse': (history) => [...history].reverse(),
  'child before parent': (history) =>
    [...history].sort((x, y) => childFirst.indexOf(x.source) - childFirst.indexOf(y.source)),
  'deletions first, and older events late': (history) => [
    ...history.filter(({ deleted }) => deleted),
    ...history.filter(({ deleted }) => !deleted),
  ],
  'all at random with 30 % duplicates': (history) => withDuplicates(history, random),
  'all at random with 30 % duplicates, again': (history) => withDuplicates(history, random),
};

describe('the documents of one history, byte by byte', () => {
  const history = orderBookHistory(random, 120);
  const naive = orderBookDocuments(history);
  let pipeline: Pipeline;
  let ordered: ReadonlyMap<string, string>;

  beforeAll(async () => {
    pipeline = await openPipeline({ sources: orderBookSources, view: orderBook });
    pipeline.startFanOut();
    pipeline.startBuilder({ batch: 20 });
    ordered = await documentsOf(history, 'ordered:');
  });
  afterAll(() => pipeline.dispose());

  /**
   * Delivers in small batches, so that documents of states in between are built. Under ids of their own, so that all
   * runs meet in one index and none sees what another left.
   */
  const documentsOf = async (
    events: readonly Envelope[],
    prefix: string,
  ): Promise<ReadonlyMap<string, string>> => {
    const named = events.map((event) => withPrefix(event, prefix));
    for (let at = 0; at < named.length; at += 10) await pipeline.deliver(named.slice(at, at + 10));
    await pipeline.quiesce();
    const own = [...(await pipeline.documents())].filter(([id]) => id.startsWith(prefix));
    return new Map(own.map(([id, text]) => [id.slice(prefix.length), text.replaceAll(prefix, '')]));
  };

  it(`are those of a naive join when the events come in order (seed ${SEED})`, () => {
    expect(naive.size).toBeGreaterThan(3);
    expect(differences(ordered, naive)).toEqual([]);
  });

  it.each(Object.keys(orderings))(`are the same when the events come %s (seed ${SEED})`, async (how) => {
    const documents = await documentsOf(orderings[how]?.(history) ?? [], `${how.replaceAll(/\W+/g, '-')}:`);
    expect(differences(documents, ordered)).toEqual([]);
    expect(pipeline.alarms).toEqual([]);
  });
});

function withPrefix(event: Envelope, prefix: string): Envelope {
  const text = JSON.stringify(event.data, (column, value: unknown) =>
    /^(id|\w+Id)$/.test(column) && typeof value === 'string' ? prefix + value : value,
  );
  return { ...event, aggregateId: prefix + event.aggregateId, data: JSON.parse(text) as unknown };
}

function withDuplicates(history: readonly Envelope[], random: Random): readonly Envelope[] {
  return shuffled([...history, ...history.filter(() => random.chance(0.3))], random);
}
