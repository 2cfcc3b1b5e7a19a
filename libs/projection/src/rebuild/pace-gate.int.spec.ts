import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { openRebuilding, type Rebuilding } from '../testing/rebuilding.js';
import type { RebuildOptions } from './options.js';
import { openPaceGate } from './pace-gate.js';

let rebuilding: Rebuilding;
beforeAll(async () => {
  rebuilding = await openRebuilding(10);
});
afterAll(() => rebuilding.world.dispose());

const LARGE = 100_000;
const signal = new AbortController().signal;
const open = (more: Partial<RebuildOptions> = {}) =>
  openPaceGate(rebuilding.options({ sampleMs: 100, ...more }), LARGE);
const timed = async (work: Promise<void>): Promise<number> => {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
};

describe('the gate before the chunks of a scan', () => {
  it('yields while a change waits for its turn, and goes on when it is built', async () => {
    const { pool } = rebuilding.world;
    const gate = await open();
    try {
      expect(await timed(gate.after(200, signal))).toBeLessThan(150);
      await pool.query(
        `INSERT INTO mark (view, root_id, created_at) VALUES ('order-search', 'o001', now() - interval '20 seconds')`,
      );
      await eventually(() => expect(gate.yielding).toMatch(/^changes of order-search wait \d\d\.\d s/), {
        timeoutMs: 10_000,
      });
      // At half its pace or less, it rests at least as long as the chunk took.
      expect(await timed(gate.after(300, signal))).toBeGreaterThanOrEqual(290);
      await pool.query('DELETE FROM mark');
      await eventually(() => expect(gate.yielding).toBeNull(), { timeoutMs: 30_000 });
      expect(await timed(gate.after(200, signal))).toBeLessThan(150);
    } finally {
      await gate.close();
    }
  }, 60_000);

  it('yields while searches of readers take long', async () => {
    let delayMs = 0;
    const slow: SearchIndex = {
      ...rebuilding.world.index,
      search: async () => {
        await new Promise((resolve) => setTimeout(resolve, delayMs));
        return { hits: [], total: 0, totalIsExact: true };
      },
    };
    const gate = await open({ index: slow });
    try {
      expect(gate.yielding).toBeNull();
      delayMs = 1_000;
      await eventually(() => expect(gate.yielding).toMatch(/^a search takes \d{4} ms/), {
        timeoutMs: 20_000,
      });
      delayMs = 0;
      await eventually(() => expect(gate.yielding).toBeNull(), { timeoutMs: 30_000 });
    } finally {
      await gate.close();
    }
  }, 60_000);

  it('tells that somebody reads, and that nobody does any more', async () => {
    const { index, space } = rebuilding.world;
    const name = await rebuilding.world.index.pointsAt(`${space.indexPrefix}order-search`);
    const reading = new AbortController();
    const gate = await open({ sampleMs: 20 });
    try {
      expect(gate.hasReaders).toBe(false);
      const reads = (async () => {
        while (!reading.signal.aborted) await index.get(name ?? '', 'o001', { deadlineMs: 10_000 });
      })();
      await eventually(() => expect(gate.hasReaders).toBe(true));
      reading.abort();
      await reads;
      await eventually(() => expect(gate.hasReaders).toBe(false));
    } finally {
      reading.abort();
      await gate.close();
    }
  }, 30_000);

  it('does not look at others when it is told not to, or when there is little to scan', async () => {
    const { pool, index } = rebuilding.world;
    await pool.query(
      `INSERT INTO mark (view, root_id, created_at) VALUES ('order-search', 'o001', now() - interval '20 seconds')`,
    );
    let searches = 0;
    const counted: SearchIndex = { ...index, search: (...asked) => (searches++, index.search(...asked)) };
    for (const gate of [
      await open({ index: counted, yields: false }),
      await openPaceGate(rebuilding.options({ index: counted }), 100),
    ]) {
      await gate.after(200, signal);
      expect(gate.yielding).toBeNull();
      await gate.close();
    }
    expect(searches).toBe(0);
    await pool.query('DELETE FROM mark');
  });

  it('is let go of by whoever gives the scan up', async () => {
    const gate = await open({ throttle: 1, yields: false });
    const stop = new AbortController();
    await gate.before(1_000, stop.signal);
    const waiting = timed(gate.before(1, stop.signal));
    stop.abort();
    expect(await waiting).toBeLessThan(5_000);
    await gate.close();
  });
});
