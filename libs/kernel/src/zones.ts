/** Local calendar time in a zone, as Date counts it: month from 0. */
export interface LocalTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly ms: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();
/** There are some 600 zone names, but offsets such as +02:00 are zones too, and those come from the outside. */
const mostFormats = 700;

/** Whether this is an IANA zone (`Europe/Amsterdam`) or an offset (`+02:00`). */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone);
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export function localTime(instant: number, zone: string): LocalTime {
  const shifted = new Date(instant + offsetAt(instant, zone));
  return {
    year: shifted.getUTCFullYear(),
    month: shifted.getUTCMonth(),
    day: shifted.getUTCDate(),
    hour: shifted.getUTCHours(),
    minute: shifted.getUTCMinutes(),
    second: shifted.getUTCSeconds(),
    ms: shifted.getUTCMilliseconds(),
  };
}

/**
 * The instant at which a clock in the zone shows this time; parts beyond their range count on (day 32 is the next month).
 * A time that is shown twice means the first; one that is skipped means the moment after the jump.
 */
export function instantOf(local: LocalTime, zone: string): number {
  const shown = utc(local);
  const day = 86_400_000;
  // Zones change their offset less often than every other day, so that one of these two is in force.
  const [before, after] = [offsetAt(shown - day, zone), offsetAt(shown + day, zone)];
  const candidates = [shown - before, shown - after].sort((a, b) => a - b);
  const exact = candidates.find((instant) => instant + offsetAt(instant, zone) === shown);
  return exact ?? shown - before;
}

function utc({ year, month, day, hour, minute, second, ms }: LocalTime): number {
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for the twentieth century.
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second, ms);
  return date.getTime();
}

/** What a clock in the zone is ahead of UTC at this instant, in milliseconds. */
function offsetAt(instant: number, zone: string): number {
  if (zone === 'UTC') return 0;
  const part: Record<string, number> = {};
  for (const { type, value } of formatOf(zone).formatToParts(instant)) part[type] = Number(value);
  const inYear = (year: number): number =>
    utc({
      year,
      month: (part['month'] ?? 1) - 1,
      day: part['day'] ?? 1,
      hour: part['hour'] ?? 0,
      minute: part['minute'] ?? 0,
      second: part['second'] ?? 0,
      ms: 0,
    });
  const exact = Math.floor(instant / 1000) * 1000;
  const ahead = inYear(part['year'] ?? 0) - exact;
  // Years before the first are counted backwards, without a word of it: year 0 is shown as 1.
  return ahead > farthest ? inYear(1 - (part['year'] ?? 0)) - exact : ahead;
}

/** No zone is as far from UTC, in milliseconds. */
const farthest = 7 * 86_400_000;

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'iso8601',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  if (formats.size >= mostFormats) formats.clear();
  formats.set(zone, format);
  return format;
}
