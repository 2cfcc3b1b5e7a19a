import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Envelope } from '#messaging';
import { listDeadLetters, readDeadLetter } from '../dead-letters/list.js';
import { eventOf } from '../testing/deliveries.js';
import { memoryIndex } from '../testing/memory-index.js';
import { orderBook, orderBookDocuments, orderBookSources } from '../testing/order-book.js';
import { differences, openPipeline, type Pipeline } from '../testing/pipeline.js';

const customer = (id: string, version: number, name: unknown): Envelope =>
  eventOf('customer', id, version, { name, tier: 'gold' });
const order = (
  id: string,
  version: number,
  customerId: string,
  more: Readonly<Record<string, unknown>> = {},
): Envelope =>
  eventOf('order', id, version, {
    customerId,
    status: 'pending',
    total: 100 * version,
    discount: 1,
    placedAt: '2026-01-01T00:00:00.000Z',
    lines: [],
    ...more,
  });

const malformed = '{"source":"order","aggregateId":"o1",';
const ofUnknownSource = eventOf('starship', 's1', 1, { name: 'Rocinante' });
const withWrongType = order('o2', 2, 'c1', { total: 'much' });
const withNul = customer('c2', 2, 'A\0da');
const bad = [malformed, ofUnknownSource, withWrongType, withNul];

const before = [
  customer('c1', 1, 'Ada'),
  customer('c2', 1, 'Bob'),
  order('o1', 1, 'c1'),
  order('o2', 1, 'c2'),
];
const behind = [order('o3', 1, 'c2'), customer('c1', 2, 'Ada Lovelace'), order('o1', 2, 'c2')];

describe('messages that can not be applied, in the middle of a stream', () => {
  let pipeline: Pipeline;
  beforeAll(async () => {
    pipeline = await openPipeline({ sources: orderBookSources, view: orderBook, index: memoryIndex() });
    pipeline.startFanOut();
    pipeline.startBuilder();
  });
  afterAll(() => pipeline.dispose());
  beforeEach(async () => {
    await pipeline
      .pool('apply')
      .query('DELETE FROM copy_order; DELETE FROM copy_customer; DELETE FROM dead_letter');
    await expectDocumentsOf([]);
  });

  const expectDocumentsOf = async (good: readonly Envelope[]): Promise<void> => {
    await pipeline.quiesce();
    expect(differences(await pipeline.documents(), orderBookDocuments(good))).toEqual([]);
  };
  const openLetters = async (): Promise<readonly (readonly (string | null)[])[]> =>
    (await listDeadLetters(pipeline.pool('apply'))).map(({ source, aggregateId, reason }) => [
      source,
      aggregateId,
      reason,
    ]);

  it.each([
    { how: 'in one batch', size: 100 },
    { how: 'one by one', size: 1 },
  ])('are dead letters with their reasons, and all that is behind them is served: $how', async ({ size }) => {
    const stream = [...before, ...bad, ...behind];
    for (let at = 0; at < stream.length; at += size) await pipeline.deliver(stream.slice(at, at + size));
    await expectDocumentsOf([...before, ...behind]);
    expect(await openLetters()).toEqual(
      expect.arrayContaining([
        [null, null, expect.stringMatching(/not JSON/)],
        ['starship', 's1', expect.stringMatching(/No source named 'starship'/)],
        ['order', 'o2', expect.stringMatching(/'total' must be/)],
        ['customer', 'c2', expect.stringMatching(/NUL/)],
      ]),
    );
    expect(await openLetters()).toHaveLength(4);
  });

  it('are one dead letter each, however often they are delivered, with the message as it came', async () => {
    const nameless = 'not an envelope at all';
    await pipeline.deliver([...before, nameless, ...bad]);
    await pipeline.deliver([...bad, nameless, ...behind]);
    const pool = pipeline.pool('apply');
    const letters = await listDeadLetters(pool);
    expect(letters).toHaveLength(5);
    const whole = await Promise.all(letters.map(({ id }) => readDeadLetter(pool, id)));
    expect(whole.map((letter) => letter?.body?.toString())).toEqual(
      expect.arrayContaining([nameless, malformed, JSON.stringify(withNul)]),
    );
    await expectDocumentsOf([...before, ...behind]);
  });

  it('are healed by a later valid version of the same aggregate, which is served', async () => {
    await pipeline.deliver([...before, ...bad, ...behind]);
    const healing = [order('o2', 3, 'c1'), customer('c2', 3, 'Barbara')];
    await pipeline.deliver(healing);
    expect(new Set((await openLetters()).map(([source]) => source))).toEqual(new Set([null, 'starship']));
    await expectDocumentsOf([...before, ...behind, ...healing]);
  });

  it('stay open for an older version that comes late, and for a newer one of another aggregate', async () => {
    await pipeline.deliver([...before, ...bad]);
    await pipeline.deliver([before[3] as Envelope, customer('c1', 9, 'Ada'), order('o1', 9, 'c1')]);
    expect((await openLetters()).map(([, id]) => id)).toEqual(expect.arrayContaining(['o2', 'c2']));
  });

  it('need no healing when a newer version has been applied before they come', async () => {
    const newer = [order('o2', 3, 'c1'), customer('c2', 3, 'Barbara')];
    await pipeline.deliver([...before, ...newer]);
    await pipeline.deliver([withWrongType, withNul, ...behind]);
    expect(await openLetters()).toEqual([]);
    await expectDocumentsOf([...before, ...newer, ...behind]);
  });
});
