import { describe, expect, it } from '@jest/globals';
import type { Mark } from './claim.js';
import { HotRoots } from './hot-roots.js';

const mark = (rootId: string, more: Partial<Mark> = {}): Mark => ({
  seq: '1',
  view: 'v',
  root_id: rootId,
  priority: 0,
  attempts: 0,
  occurred_at: null,
  created_at: new Date(0),
  index_name: null,
  ...more,
});

/** As long as a root alone takes: what is asked for is the longest rest. */
const TOOK_MS = 10;

/** Roots that were built at each of these times, in milliseconds. */
const builtAt = (timesMs: readonly number[], rootId = 'r'): HotRoots => {
  const roots = new HotRoots({ restMs: 1_000, builds: 3 });
  for (const ms of timesMs) roots.built('v', [rootId], ms, TOOK_MS);
  return roots;
};

describe('hot roots', () => {
  it('rest until a second after their last build once they were built often enough', () => {
    expect(builtAt([0, 100]).part([mark('r')], 150).ready).toHaveLength(1);
    const { ready, resting } = builtAt([0, 100, 200]).part([mark('r'), mark('cool')], 450);
    expect(ready.map((one) => one.root_id)).toEqual(['cool']);
    expect(resting).toEqual([{ mark: mark('r'), restMs: 750 }]);
  });

  it('keep a mark for one generation apart from one for the whole view', () => {
    const marks = [mark('r'), mark('r', { index_name: 'v.abc.2' }), mark('r')];
    const { resting } = builtAt([0, 100, 200]).part(marks, 450);
    expect(resting.map((one) => one.mark.index_name)).toEqual([null, 'v.abc.2']);
  });

  it('are built again when they have rested, and rest again, so once a second', () => {
    const roots = builtAt([0, 100, 200]);
    expect(roots.part([mark('r')], 1_200).ready).toHaveLength(1);
    roots.built('v', ['r'], 1_250, TOOK_MS);
    expect(roots.part([mark('r')], 1_300).resting).toMatchObject([{ restMs: 950 }]);
  });

  it('rest four times as long as their build took, if that is more', () => {
    const roots = new HotRoots({ restMs: 1_000, builds: 3 });
    for (const ms of [2_000, 4_500, 7_000]) roots.built('v', ['r'], ms, 2_000);
    expect(roots.part([mark('r')], 8_000).resting).toMatchObject([{ restMs: 7_000 }]);
  });

  it('rest no longer than a hundred of their builds take, so that what costs nothing is not delayed', () => {
    const roots = new HotRoots({ restMs: 1_000, builds: 3 });
    for (const ms of [0, 10, 20]) roots.built('v', ['r'], ms, 0.2);
    expect(roots.part([mark('r')], 25).resting).toMatchObject([{ restMs: 15 }]);
    expect(roots.part([mark('r')], 40).ready).toHaveLength(1);
  });

  it('are like any other when they were left alone for two rests', () => {
    const roots = builtAt([0, 100, 200]);
    roots.built('v', ['r'], 2_220, TOOK_MS);
    expect(roots.part([mark('r')], 2_221).ready).toHaveLength(1);
  });

  it('are told apart by view', () => {
    expect(builtAt([0, 100, 200]).part([mark('r', { view: 'w' })], 250).ready).toHaveLength(1);
  });

  it('leave one mark for all that were claimed, with the most urgent priority and the earliest times', () => {
    const [early, late] = [new Date(1_000), new Date(2_000)];
    const { ready, resting } = builtAt([0, 100, 200]).part(
      [
        mark('r', { priority: 1, attempts: 2, occurred_at: late, created_at: early }),
        mark('r', { priority: 0, attempts: 0, occurred_at: early, created_at: late }),
        mark('r', { priority: 1, attempts: 1, occurred_at: null, created_at: late }),
      ],
      250,
    );
    expect(ready).toEqual([]);
    expect(resting).toMatchObject([
      { mark: { root_id: 'r', priority: 0, attempts: 2, occurred_at: early, created_at: early } },
    ]);
  });

  it('are forgotten in the order of their last builds when there are too many', () => {
    const roots = new HotRoots({ restMs: 1_000, builds: 1, capacity: 2 });
    roots.built('v', ['a', 'b'], 0, TOOK_MS);
    roots.built('v', ['a'], 10, TOOK_MS);
    roots.built('v', ['c'], 20, TOOK_MS);
    const { ready } = roots.part([mark('a'), mark('b'), mark('c')], 30);
    expect(ready.map((one) => one.root_id)).toEqual(['b']);
  });

  it('never rest where no rest is wanted', () => {
    const roots = new HotRoots({ restMs: 0, builds: 1 });
    roots.built('v', ['r'], 0, TOOK_MS);
    expect(roots.part([mark('r')], 0).ready).toHaveLength(1);
  });
});
