import { showProgress } from './progress.js';

const recorded = (isTTY: boolean) => {
  const written: string[] = [];
  let nowMs = 1_000_000;
  const stream = { isTTY, write: (text: string) => written.push(text) };
  const clock = { now: () => new Date(nowMs) };
  return { written, stream, clock, pass: (ms: number) => void (nowMs += ms) };
};

describe('progress', () => {
  it('draws one line over itself on a terminal, with rate and time left', () => {
    const { written, stream, clock, pass } = recorded(true);
    const progress = showProgress({ label: 'rebuild', unit: 'documents', stream, clock });
    pass(1_000);
    progress.update(500, 2_000);
    expect(written).toHaveLength(1);
    expect(written[0]).toContain('\r\u001b[2K');
    expect(written[0]).toContain('500/2,000 documents  500/s  3 s left');
  });

  it('draws at most ten times a second on a terminal', () => {
    const { written, stream, clock, pass } = recorded(true);
    const progress = showProgress({ label: 'x', unit: 'y', stream, clock });
    for (let i = 0; i < 100; i += 1) {
      progress.update(i, 100);
      pass(10);
    }
    expect(written.length).toBeLessThanOrEqual(11);
  });

  it('writes plain lines elsewhere, and none before five seconds', () => {
    const { written, stream, clock, pass } = recorded(false);
    const progress = showProgress({ label: 'x', unit: 'y', stream, clock });
    progress.update(1, 10);
    expect(written).toEqual([]);
    pass(5_000);
    progress.update(5, 10);
    expect(written).toHaveLength(1);
    expect(written[0]).not.toContain('\r');
  });

  it('ends with the count, the time and the rate', () => {
    const { written, stream, clock, pass } = recorded(false);
    const progress = showProgress({ label: 'sent', unit: 'commands', stream, clock });
    pass(2_000);
    progress.update(1_000, 1_000);
    progress.finish();
    expect(written.at(-1)).toBe('sent: 1,000 commands in 2.0 s (500/s)\n');
  });

  it('shows an empty work as complete', () => {
    const { written, stream, clock } = recorded(true);
    showProgress({ label: 'x', unit: 'y', stream, clock }).update(0, 0);
    expect(written[0]).not.toContain('░');
  });
});
