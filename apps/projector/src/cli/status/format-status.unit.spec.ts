import { describe, expect, it } from '@jest/globals';
import { formatStatus } from './format-status.js';
import type { RebuildStatus, Status } from './read-status.js';

const generation = {
  view: 'orders',
  generation: 1,
  state: 'live',
  index: 'orders.f.1',
  documents: 50_000,
  problem: null,
  previousUntil: null,
  declaration: 'same',
  lacks: [],
  ownMarks: 0,
} as const;

const rebuild: RebuildStatus = {
  view: 'orders',
  generation: 2,
  indexName: 'orders.f.2',
  phase: 'scan',
  holder: 'node-1, process 7',
  holderState: 'alive',
  heldSince: new Date(0),
  startedAt: new Date(0),
  leaseUntil: new Date(0),
  scanned: 12_500,
  total: 50_000,
  ranges: 4,
  rangesDone: 1,
  secondsLeft: 90,
};

function textOf(status: Partial<Status>): string {
  return formatStatus({
    at: '2026-01-01T00:00:00.000Z',
    environment: 'test',
    generations: [generation],
    withoutGeneration: [],
    views: [],
    marks: { count: 0, direct: 0, bulk: 0, oldestSeconds: null },
    fanOut: { count: 0, oldestSeconds: null },
    fanOutJobs: [],
    rebuilds: [],
    deadLetters: {},
    paused: [],
    processes: [],
    queues: [],
    outboxes: [],
    unseen: [],
    ...status,
  });
}

describe('the table of views', () => {
  const building = {
    ...generation,
    generation: 2,
    index: 'orders.f.2',
    state: 'building',
    documents: 12_500,
  };

  it.each([
    [{}, 'scan 25 % of 50,000, about 90 s left, by node-1, process 7'],
    [{ holderState: 'silent' }, 'by node-1, process 7 (only its lease is known)'],
    [{ holderState: 'gone' }, 'node-1, process 7 is gone: npx prejoin rebuild orders goes on with it'],
    [{ phase: 'ready', holderState: 'none', secondsLeft: null }, 'ready: npx prejoin swap orders'],
    [{ phase: 'verify', secondsLeft: null }, 'verify, by node-1, process 7'],
    [{ total: 0, scanned: 0, secondsLeft: null }, 'scan 100 % of 0, by'],
  ] as const)('tells how far the next generation is, and who has it: %p', (changes, expected) => {
    const text = textOf({ generations: [generation, building], rebuilds: [{ ...rebuild, ...changes }] });
    expect(text).toMatch(
      new RegExp(`^orders +2 +building +12,500 .*${expected.replaceAll(/[()?]/g, '\\$&')}`, 'm'),
    );
    // Of the live generation nothing of it is said.
    expect(text).toMatch(/^orders +1 +live +50,000 +- +- +0 +0 +-$/m);
  });

  it('tells how long the generation before is kept, and what is wrong with one', () => {
    const text = textOf({
      generations: [
        { ...generation, declaration: 'other', ownMarks: 1_200 },
        { ...generation, state: 'previous', previousUntil: '2026-01-02T00:00:00.000Z', problem: 'closed' },
      ],
    });
    expect(text).toContain(
      'the declaration changed: npx prejoin rebuild orders; 1,200 marks wait for such a process',
    );
    expect(text).toMatch(/previous .* stopped: closed; kept for a rollback until 2026-01-02/);
  });

  it('shows lags in the unit that fits, and question marks for what nobody saw', () => {
    const views = [
      { view: 'orders', rate: 0.5, lagP50: 0.184, lagP99: 7.25, marks: 3, oldestMarkSeconds: 200 },
    ];
    expect(textOf({ views })).toMatch(/^orders +1 +live +50,000 +184 ms +7\.3 s +0\.5 +3 +3 min$/m);
    expect(textOf({ views: null, queues: null })).toMatch(/^orders +1 +live +50,000 +\? +\? +\? +\? +\?$/m);
    expect(textOf({ processes: [] })).toContain('No projector runs.');
    expect(textOf({ processes: null })).not.toContain('No projector runs.');
  });
});
