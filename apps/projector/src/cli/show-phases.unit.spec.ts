import { describe, expect, it } from '@jest/globals';
import { showPhases } from './show-phases.js';

function shown(json: boolean) {
  const written: string[] = [];
  const target = { isTTY: false, write: (text: string) => written.push(text) };
  let ms = 1_000_000;
  const clock = { now: () => new Date(ms) };
  const phases = showPhases({ subject: 'order-search', json, stream: target, output: target, clock });
  return { written, phases, pass: (more: number) => void (ms += more) };
}

const scan = (done: number) => ({ phase: 'scan', done, total: 100, unit: 'roots' });
const drain = { phase: 'drain', done: 0, total: 1, unit: 'marks' };

describe('work that is shown in phases', () => {
  it('ends the bar of a phase when the next one begins, and the last one at the end', () => {
    const { written, phases, pass } = shown(false);
    phases.update(scan(0));
    pass(2_000);
    phases.update(scan(100));
    phases.update(drain);
    phases.finish();
    expect(written).toEqual([
      'scan order-search: 100 roots in 2.0 s (50/s)\n',
      'drain order-search: 0 marks in 0.0 s (0/s)\n',
    ]);
  });

  it('writes one line of JSON a second, with rate, time left and what is special', () => {
    const { written, phases, pass } = shown(true);
    phases.update(scan(20));
    pass(500);
    phases.update(scan(30));
    pass(500);
    phases.update({ ...scan(40), note: 'yields to readers' });
    const lines = written.map((line) => JSON.parse(line) as unknown);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatchObject({ event: 'progress', phase: 'scan', done: 20, rate: null, note: null });
    expect(lines[1]).toEqual({
      event: 'progress',
      subject: 'order-search',
      phase: 'scan',
      done: 40,
      total: 100,
      unit: 'roots',
      rate: 20,
      secondsLeft: 3,
      note: 'yields to readers',
    });
  });

  it('writes the last state of a phase although its second had not passed', () => {
    const { written, phases, pass } = shown(true);
    phases.update(scan(0));
    pass(10);
    phases.update(scan(100));
    phases.update(drain);
    phases.finish();
    expect(written.map((line) => (JSON.parse(line) as { phase: string; done: number }).done)).toEqual([
      0, 100, 0,
    ]);
  });
});
