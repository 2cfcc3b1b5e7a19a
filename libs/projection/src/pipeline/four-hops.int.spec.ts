import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { sleep } from '#kernel';
import type { Envelope } from '#messaging';
import { applyBatch } from '../apply/apply-batch.js';
import { fanOutChunk } from '../fan-out/run-fan-out.js';
import { eventOf } from '../testing/deliveries.js';
import { newestStates, shuffled } from '../testing/histories.js';
import { longWay, longWayDocuments, longWayEvents, longWaySources } from '../testing/long-way.js';
import { memoryIndex } from '../testing/memory-index.js';
import { differences, openPipeline, type Pipeline, type Role } from '../testing/pipeline.js';
import { randomFrom } from '../testing/random.js';
import { change, withOpenTransaction } from '../testing/shop.js';

/** For a longer run: PIPELINE_STRESS_ROUNDS=4000. Without it the rounds end with the time below. */
const ROUNDS = Number(process.env['PIPELINE_STRESS_ROUNDS'] ?? 0);
const DEFAULT_MS = 8_000;
const SEED = Number(process.env['PIPELINE_STRESS_SEED'] ?? Math.floor(Math.random() * 1e9));
const WRITERS = 4;
const ROLES: readonly Role[] = ['apply', 'fan-out', 'claim', 'read'];

describe('documents four hops away from what changes', () => {
  const random = randomFrom(SEED);
  const nextEvent = longWayEvents(random);
  const published = new Map<string, Envelope>();
  let pipeline: Pipeline;

  beforeAll(async () => {
    const index = memoryIndex({ beforeWrite: () => (random.chance(0.2) ? sleep(random.below(3)) : soon) });
    pipeline = await openPipeline({ sources: longWaySources, view: longWay, index });
    // Batches and chunks of a few rows, so that every root is claimed, put back and gone on with many times.
    for (const batch of [2, 7]) pipeline.startBuilder({ batch });
    for (const chunk of [1, 3]) pipeline.startFanOut({ chunk, claim: 2 });
  });
  afterAll(() => pipeline.dispose());

  // Few writes a round, so that what one of them leaves stale is not built again because of the next.
  const batchOf = (): readonly Envelope[] => {
    const fresh = Array.from({ length: 1 + random.below(2) }, nextEvent);
    const late = [...published.values()].slice(-20).filter(() => random.chance(0.05));
    for (const event of fresh) published.set(event.id, event);
    return shuffled([...fresh, ...fresh.filter(() => random.chance(0.3)), ...late], random);
  };
  const write = async (): Promise<void> => {
    await pipeline.deliver(batchOf());
  };
  // In every round until one was met, so that a slow machine with few rounds has its kill as well.
  const killSome = async (killed: number): Promise<number> => {
    if (killed > 0 && !random.chance(0.1)) return 0;
    await sleep(random.below(10));
    return pipeline.kill(ROLES[random.below(ROLES.length)] as Role);
  };

  it(
    `are right after every round of random writes, kills and quiet (seed ${SEED})`,
    async () => {
      let [rounds, killed, roots] = [0, 0, 0];
      for (
        const end = performance.now() + DEFAULT_MS;
        ROUNDS > 0 ? rounds < ROUNDS : performance.now() < end;
        rounds++
      ) {
        const [kills] = await Promise.all([killSome(killed), ...Array.from({ length: WRITERS }, write)]);
        killed += kills;
        await pipeline.quiesce();
        const newest = newestStates(published.values());
        published.clear();
        for (const event of newest.values()) published.set(event.id, event);
        const expected = longWayDocuments(published.values());
        roots += expected.size;
        expect({ round: rounds, wrong: differences(await pipeline.documents(), expected) }).toEqual({
          round: rounds,
          wrong: [],
        });
      }
      // That it did what it is for: connections died, and there were documents.
      expect(rounds).toBeGreaterThan(5);
      expect(killed).toBeGreaterThan(0);
      expect(roots).toBeGreaterThan(rounds);
      expect(new Set(pipeline.alarms)).not.toContain('revision_ahead');
    },
    ROUNDS > 0 ? ROUNDS * 2_000 : DEFAULT_MS + 40_000,
  );
});

describe('a link at one end of the way and a value at the other, changed at the same time', () => {
  const standing = [
    eventOf('a', 'a1', 1, { value: 1, parts: [{ bId: 'b1' }] }),
    eventOf('b', 'b1', 1, { value: 2, cId: null }),
    eventOf('c', 'c1', 1, { value: 3 }),
    eventOf('d', 'd1', 1, { value: 4, cId: 'c1' }),
    eventOf('e', 'e1', 1, { value: 5, dId: 'd1' }),
  ];
  const link = eventOf('b', 'b1', 2, { value: 2, cId: 'c1' });
  const value = eventOf('e', 'e1', 2, { value: 50, dId: 'd1' });

  /** The value is changed while the link is open; the link commits and is built; then the value commits. */
  const wrongAfterRace = async (lookUp: 'later' | 'inside the change'): Promise<readonly string[]> => {
    const pipeline = await openPipeline({ sources: longWaySources, view: longWay, index: memoryIndex() });
    try {
      await pipeline.deliver(standing);
      pipeline.startFanOut();
      pipeline.startBuilder();
      await pipeline.quiesce();
      const pool = pipeline.pool('apply');
      await withOpenTransaction(pool, (links) =>
        withOpenTransaction(pool, async (values) => {
          await applyBatch(links, [changeOf(link)]);
          await applyBatch(values, [changeOf(value)]);
          if (lookUp === 'inside the change') await fanOutChunk(values);
          await links.query('COMMIT');
          await pipeline.quiesce();
          await values.query('COMMIT');
        }),
      );
      await pipeline.quiesce();
      return differences(await pipeline.documents(), longWayDocuments([...standing, link, value]));
    } finally {
      await pipeline.dispose();
    }
  };

  it('is right when keys are looked up after the change has committed', async () => {
    expect(await wrongAfterRace('later')).toEqual([]);
  });

  it('is stale for ever when keys are looked up inside the change', async () => {
    expect(await wrongAfterRace('inside the change')).toEqual([
      expect.stringMatching(/^a1 is stale: .*"value":5\}.*, should be .*"value":50\}/),
    ]);
  });
});

const soon = Promise.resolve();

function changeOf(event: Envelope): ReturnType<typeof change> {
  const { source, aggregateId, version, data } = event;
  return change(source, aggregateId, version, data as Readonly<Record<string, unknown>> | null);
}
