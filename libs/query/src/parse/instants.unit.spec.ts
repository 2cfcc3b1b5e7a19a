import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readMoment } from './instants.js';
import { instantOf, isZone, localTime } from '#kernel';

const now = Date.parse('2026-03-31T10:20:30.400Z');
const read = (text: string, zone = 'UTC'): string | null => {
  const moment = readMoment(text, { now, zone });
  if (moment === null) return null;
  const start = new Date(moment.start).toISOString();
  return moment.end === moment.start ? start : `${start} to ${new Date(moment.end).toISOString()}`;
};

describe('An instant', () => {
  test.each([
    ['2026-05-31T12:00:00Z', '2026-05-31T12:00:00.000Z'],
    ['2026-05-31t12:00:00.1234z', '2026-05-31T12:00:00.123Z'],
    ['2026-05-31T12:00:00+02:00', '2026-05-31T10:00:00.000Z'],
    ['2026-05-31T12:00:00 02:00', '2026-05-31T10:00:00.000Z'],
    ['2026-05-31T12:00:00-05:30', '2026-05-31T17:30:00.000Z'],
    ['2026-05-31', '2026-05-31T00:00:00.000Z to 2026-06-01T00:00:00.000Z'],
    ['2024-02-29', '2024-02-29T00:00:00.000Z to 2024-03-01T00:00:00.000Z'],
    ['now', '2026-03-31T10:20:30.400Z'],
    ['now-7d', '2026-03-24T10:20:30.400Z'],
    ['now+1h', '2026-03-31T11:20:30.400Z'],
    ['now 1h', '2026-03-31T11:20:30.400Z'],
    ['now-90s', '2026-03-31T10:19:00.400Z'],
    ['now-2w', '2026-03-17T10:20:30.400Z'],
    ['now-1M', '2026-02-28T10:20:30.400Z'],
    ['now+1y', '2027-03-31T10:20:30.400Z'],
    ['now-1M-1d', '2026-02-27T10:20:30.400Z'],
    ['now-15M', '2024-12-31T10:20:30.400Z'],
    ['now/d', '2026-03-31T00:00:00.000Z to 2026-04-01T00:00:00.000Z'],
    ['now-1M/M', '2026-02-01T00:00:00.000Z to 2026-03-01T00:00:00.000Z'],
    ['now/y', '2026-01-01T00:00:00.000Z to 2027-01-01T00:00:00.000Z'],
    ['now/w', '2026-03-30T00:00:00.000Z to 2026-04-06T00:00:00.000Z'],
    ['now/h', '2026-03-31T10:00:00.000Z to 2026-03-31T11:00:00.000Z'],
    ['now/m', '2026-03-31T10:20:00.000Z to 2026-03-31T10:21:00.000Z'],
    ['now/s', '2026-03-31T10:20:30.000Z to 2026-03-31T10:20:31.000Z'],
  ])('%s is read as %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  // Calendars have no year 0: it is shown as the first year before the first.
  test.each([
    ['0000-01-01', '+02:00', '0000-01-01T00:00:00.000Z to 0000-01-01T22:00:00.000Z'],
    ['0000-06-15', '+01:00', '0000-06-14T23:00:00.000Z to 0000-06-15T23:00:00.000Z'],
    ['0000-12-31', '-05:00', '0000-12-31T05:00:00.000Z to 0001-01-01T05:00:00.000Z'],
    ['0001-01-01', '+02:00', '0000-12-31T22:00:00.000Z to 0001-01-01T22:00:00.000Z'],
  ])('%s in %s, about the first years, is read as %s', (text, zone, expected) => {
    expect(read(text, zone)).toBe(expected);
  });

  test.each([
    [
      '',
      'yesterday',
      '2026-02-29',
      '2026-13-01',
      '2026-1-1',
      '20260101',
      '2026-05-31T12:00',
      '2026-05-31T12:00:00',
    ],
    [
      '2026-05-31T25:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-05-31T12:00:00+2',
      '2026-05-31T12:00:00+99:00',
      'now-',
      'now-1',
    ],
    [
      'now-1x',
      'now/',
      'now/q',
      'Now',
      'now-9999999d',
      'now-999999y',
      'now+999999y',
      '1780000000000',
      '2026-05-31 ',
      '-2026-05-31',
    ],
  ])('none of %j is one', (...texts) => {
    for (const text of texts) expect([text, read(text)]).toEqual([text, null]);
  });

  test.each([
    // Amsterdam loses an hour on 29 March 2026 and gains one on 25 October.
    ['2026-03-29', 'Europe/Amsterdam', '2026-03-28T23:00:00.000Z to 2026-03-29T22:00:00.000Z'],
    ['2026-10-25', 'Europe/Amsterdam', '2026-10-24T22:00:00.000Z to 2026-10-25T23:00:00.000Z'],
    ['now-7d', 'Europe/Amsterdam', '2026-03-24T11:20:30.400Z'],
    ['now-168h', 'Europe/Amsterdam', '2026-03-24T10:20:30.400Z'],
    // In Beirut the clock jumped from midnight to one: the day begins at one.
    ['2022-03-27', 'Asia/Beirut', '2022-03-26T22:00:00.000Z to 2022-03-27T21:00:00.000Z'],
    // In Havana midnight comes twice: the day begins at the first.
    ['2025-11-02', 'America/Havana', '2025-11-02T04:00:00.000Z to 2025-11-03T05:00:00.000Z'],
    // Samoa had no such day.
    ['2011-12-30', 'Pacific/Apia', '2011-12-30T10:00:00.000Z'],
    ['2026-05-31', '+05:45', '2026-05-30T18:15:00.000Z to 2026-05-31T18:15:00.000Z'],
    ['now/h', 'Asia/Kolkata', '2026-03-31T09:30:00.000Z to 2026-03-31T10:30:00.000Z'],
  ])('%s in %s is %s', (text, zone, expected) => {
    expect(read(text, zone)).toBe(expected);
  });

  test('of every zone comes back from local time, but for the second of two equal ones', () => {
    const instant = fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2040, 0, 1) });
    const zone = fc.constantFrom(
      'Europe/Amsterdam',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kathmandu',
      'Pacific/Apia',
      'UTC',
    );
    fc.assert(
      fc.property(instant, zone, (at, inZone) => {
        const back = instantOf(localTime(at, inZone), inZone);
        expect(localTime(back, inZone)).toEqual(localTime(at, inZone));
        expect(at - back).toBeGreaterThanOrEqual(0);
        // A clock is put back by an hour, by half of one (Lord Howe), or by a day at most.
        expect(at - back).toBeLessThanOrEqual(86_400_000);
      }),
    );
  });
});

test('zones are those of IANA and offsets', () => {
  for (const zone of ['UTC', 'Europe/Amsterdam', '+02:00', '-05:30'])
    expect([zone, isZone(zone)]).toEqual([zone, true]);
  for (const zone of ['Mars/Olympus', '', '2', 'constructor'])
    expect([zone, isZone(zone)]).toEqual([zone, false]);
});
