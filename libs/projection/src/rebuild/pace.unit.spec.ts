import { describe, expect, it } from '@jest/globals';
import { baseLineOf, Pace, paceLimits, type PaceSample } from './pace.js';

let seq = 0;
const mark = (ageMs: number, at = `${++seq}`) => ({ view: 'order-search', seq: at, ageMs });
const sample = (latencyMs: number | null, waiting: PaceSample['waiting'] = [], atMs = 0): PaceSample => ({
  atMs,
  latencyMs,
  waiting,
});
const base = baseLineOf([10, 12, 11, 90, 11].map((ms) => sample(ms, [mark(ms)])));
const note = (pace: Pace, count: number, made: () => PaceSample): void => {
  for (let at = 0; at < count; at++) pace.note(made());
};

describe('the pace of a scan', () => {
  it('takes the middle of several searches for how it was before, and the longest wait of a change', () => {
    expect(base).toEqual({ latencyMs: 11, waitingMs: new Map([['order-search', 90]]) });
    expect(baseLineOf([sample(null)])).toEqual({ latencyMs: null, waitingMs: new Map() });
  });

  it('is full in health, whatever single search is slow', () => {
    const pace = new Pace(base);
    for (const ms of [11, 200, 12, 15, 300, 11, 12]) pace.note(sample(ms, [mark(80)]));
    expect(pace).toMatchObject({ share: 1, reason: null });
  });

  it('halves while searches take longer than twice as long as before, and says so', () => {
    const pace = new Pace(base);
    pace.note(sample(60));
    expect(pace.share).toBe(1);
    pace.note(sample(70));
    expect(pace.share).toBe(0.5);
    expect(pace.reason).toBe('a search takes 60 ms (11 ms before)');
  });

  it('measures anew at the new pace before it halves again', () => {
    const pace = new Pace(base);
    note(pace, 3, () => sample(70));
    expect(pace.share).toBeGreaterThanOrEqual(0.5);
    pace.note(sample(70));
    expect(pace.share).toBeLessThan(0.5);
  });

  it('takes what is below the floor for noise, however small it was before', () => {
    const pace = new Pace(baseLineOf([sample(1)]));
    note(pace, 5, () => sample(paceLimits.latencyFloorMs));
    expect(pace.share).toBe(1);
  });

  it('halves with every look at which a change waits too long, and names its view', () => {
    const pace = new Pace(base);
    pace.note(sample(11, [mark(499)]));
    expect(pace.share).toBe(1);
    pace.note(sample(11, [mark(1_300)]));
    pace.note(sample(11, [mark(2_300)]));
    expect(pace.share).toBe(0.25);
    expect(pace.reason).toBe('changes of order-search wait 2.3 s (0.1 s before)');
  });

  it('lets changes wait as long as twice what they did before', () => {
    const slow = new Pace(baseLineOf([sample(11, [mark(4_000)])]));
    slow.note(sample(11, [mark(7_900)]));
    expect(slow.share).toBe(1);
    slow.note(sample(11, [mark(8_100)]));
    expect(slow.share).toBe(0.5);
  });

  it('never gets slower than its least share, so that the scan ends', () => {
    const pace = new Pace(base);
    note(pace, 50, () => sample(null, [mark(60_000)]));
    expect(pace.share).toBe(paceLimits.leastShare);
  });

  it('takes what stays as it is at the least share for no doing of its own, and goes on', () => {
    const pace = new Pace(base);
    const busy = (atMs: number, ms = 60) => sample(ms, [mark(300)], atMs);
    let atMs = 0;
    for (; pace.share > paceLimits.leastShare && atMs < 60_000; atMs += 1_000) pace.note(busy(atMs));
    for (const end = atMs + 11_000; atMs < end; atMs += 1_000) pace.note(busy(atMs));
    for (const end = atMs + 12_000; atMs < end; atMs += 1_000) pace.note(busy(atMs));
    expect(pace).toMatchObject({ share: 1, reason: null });
    pace.note(busy(atMs, 150));
    pace.note(busy(atMs, 150));
    expect(pace.share).toBe(0.5);
  });

  it('does not get used to changes that it leaves behind more and more', () => {
    const pace = new Pace(base);
    let atMs = 0;
    for (; atMs < 60_000; atMs += 1_000) pace.note(sample(11, [mark(2_000 + atMs)], atMs));
    expect(pace.share).toBeLessThanOrEqual(0.5);
    expect(pace.reason).toContain('changes of order-search wait');
  });

  it('comes back step by step, and only then says no reason any more', () => {
    const pace = new Pace(base);
    note(pace, 2, () => sample(11, [mark(3_000)]));
    const shares: number[] = [];
    for (let looks = 0; pace.reason !== null && looks < 20; looks++) {
      pace.note(sample(11));
      shares.push(pace.share);
    }
    expect(pace.share).toBe(1);
    expect(shares.length).toBeGreaterThan(5);
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
  });

  it('does not yield to changes that nobody builds, but to those of another view', () => {
    const pace = new Pace(base);
    const stuck = (atMs: number) => sample(11, [mark(60_000 + atMs, 'the same')], atMs);
    for (let atMs = 0; atMs < 40_000; atMs += 1_000) pace.note(stuck(atMs));
    expect(pace.share).toBe(1);
    pace.note(
      sample(11, [mark(90_000, 'the same'), { view: 'product-demand', seq: '1', ageMs: 900 }], 41_000),
    );
    expect(pace.share).toBe(0.5);
    expect(pace.reason).toContain('product-demand');
  });

  it('yields where searches lost their answer, but not where they never had one', () => {
    const pace = new Pace(base);
    note(pace, 2, () => sample(null));
    expect(pace).toMatchObject({ share: 0.5, reason: 'searches have no answer' });
    const none = new Pace(baseLineOf([sample(null)]));
    note(none, 5, () => sample(null));
    expect(none.share).toBe(1);
  });
});
