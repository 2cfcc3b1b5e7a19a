import { AlarmClock, ringOne } from './alarm-clock.js';

const never = new AbortController().signal;
const HOUR_MS = 3_600_000;

describe('an alarm clock', () => {
  it('ends a sleep when it rings', async () => {
    const clock = new AlarmClock();
    const sleeping = clock.sleep(HOUR_MS, clock.rings, never);
    expect(clock.asleep).toBe(true);
    clock.ring();
    await sleeping;
    expect(clock.asleep).toBe(false);
  });

  it('lets nobody sleep who has not looked since it rang', async () => {
    const clock = new AlarmClock();
    const heard = clock.rings;
    clock.ring();
    await clock.sleep(HOUR_MS, heard, never);
    expect(clock.asleep).toBe(false);
  });
});

describe('of several, one ring', () => {
  it('wakes the first that sleeps and no other', async () => {
    const [busy, first, second] = [new AlarmClock(), new AlarmClock(), new AlarmClock()];
    const stop = new AbortController();
    const heard = [busy.rings, second.rings];
    const sleeping = first.sleep(HOUR_MS, first.rings, never);
    const staying = second.sleep(HOUR_MS, second.rings, stop.signal);
    ringOne([busy, first, second]);
    await sleeping;
    expect([busy.rings, second.rings]).toEqual(heard);
    expect(second.asleep).toBe(true);
    stop.abort();
    await staying;
  });

  it('is heard by all if none sleeps: each may have looked too early', () => {
    const clocks = [new AlarmClock(), new AlarmClock()];
    ringOne(clocks);
    expect(clocks.map(({ rings }) => rings)).toEqual([1, 1]);
  });
});
