import { instantOf, localTime, type LocalTime } from '#kernel';

/** What an instant's text means: a point (`end` is `start`), or a whole day, month, … from `start` to before `end`. */
export interface Moment {
  readonly start: number;
  readonly end: number;
}

export interface Calendar {
  readonly now: number;
  /** IANA zone or offset in which days begin. */
  readonly zone: string;
}

type Unit = 's' | 'm' | 'h' | 'd' | 'w' | 'M' | 'y';

const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(\.\d+)?([Zz]|[+ -]\d{2}:\d{2})$/;
const bareDay = /^(\d{4})-(\d{2})-(\d{2})$/;
const relative = /^now((?:[+ -]\d{1,6}[smhdwMy])*)(?:\/([smhdwMy]))?$/;
const step = /([+ -])(\d+)([smhdwMy])/g;
/** What four digits of a year can say. */
export const [earliest, latest] = [
  Date.parse('0000-01-01T00:00:00Z'),
  Date.parse('9999-12-31T23:59:59.999Z'),
];

export const instantForms = '2026-05-31T12:00:00Z, 2026-05-31 (the whole day in tz), now-7d, now-1M/M';

/**
 * Reads RFC 3339, a bare day, or a time relative to now (`now-7d`, `now-1M/M`), and null for anything else. A `+` that
 * was not encoded arrives as a space and is understood. Days and longer are the calendar's in the zone; hours and
 * shorter are exact.
 */
export function readMoment(text: string, calendar: Calendar): Moment | null {
  const exact = rfc3339.exec(text);
  if (exact !== null) return point(readExact(text, exact));
  const day = bareDay.exec(text);
  if (day !== null) return isCalendarDay(text) ? whole('d', midnight(day), calendar.zone) : null;
  const shifted = relative.exec(text);
  return shifted === null ? null : readRelative(shifted[1] ?? '', shifted[2] as Unit | undefined, calendar);
}

/** Whether this is a day that the calendar has, written `2026-05-31`. */
export function isCalendarDay(text: string): boolean {
  if (!bareDay.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function readExact(text: string, parts: RegExpExecArray): number {
  const [day] = text.split(/[Tt]/, 1);
  if (!isCalendarDay(day ?? '')) return NaN;
  const zone = (parts[8] ?? '').replace(' ', '+').toUpperCase();
  return Date.parse(`${day}T${parts[4]}:${parts[5]}:${parts[6]}${parts[7] ?? ''}${zone}`);
}

function readRelative(steps: string, rounding: Unit | undefined, { now, zone }: Calendar): Moment | null {
  let at = now;
  for (const [, sign, amount, unit] of steps.matchAll(step))
    at = add(at, sign === '-' ? -Number(amount) : Number(amount), unit as Unit, zone);
  if (!within(at)) return null;
  return rounding === undefined ? point(at) : whole(rounding, localTime(at, zone), zone);
}

const exactMs = { s: 1_000, m: 60_000, h: 3_600_000 } as const;

function add(instant: number, amount: number, unit: Unit, zone: string): number {
  if (!within(instant)) return instant;
  if (unit === 's' || unit === 'm' || unit === 'h') return instant + amount * exactMs[unit];
  return instantOf(addDate(localTime(instant, zone), amount, unit), zone);
}

function addDate(local: LocalTime, amount: number, unit: 'd' | 'w' | 'M' | 'y'): LocalTime {
  if (unit === 'd' || unit === 'w') return { ...local, day: local.day + amount * (unit === 'w' ? 7 : 1) };
  const months = local.year * 12 + local.month + amount * (unit === 'y' ? 12 : 1);
  const [year, month] = [Math.floor(months / 12), ((months % 12) + 12) % 12];
  // A month after 31 January is the last day of February, not a day in March.
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  return { ...local, year, month, day: Math.min(local.day, lastDay) };
}

/** The whole unit that `local` lies in. Weeks begin on Monday (ISO 8601). */
function whole(unit: Unit, local: LocalTime, zone: string): Moment {
  const start = startOf(unit, local);
  const next = unit === 's' || unit === 'm' || unit === 'h' ? addTime(start, unit) : addDate(start, 1, unit);
  // Where days begin before those of UTC, the first of all begins in a year that has no four digits.
  return { start: Math.max(instantOf(start, zone), earliest), end: instantOf(next, zone) };
}

function startOf(unit: Unit, local: LocalTime): LocalTime {
  const second = { ...local, ms: 0 };
  if (unit === 's') return second;
  const minute = { ...second, second: 0 };
  if (unit === 'm') return minute;
  const hour = { ...minute, minute: 0 };
  if (unit === 'h') return hour;
  const day = { ...hour, hour: 0 };
  if (unit === 'd') return day;
  if (unit === 'w')
    return {
      ...day,
      day: day.day - ((new Date(Date.UTC(day.year, day.month, day.day)).getUTCDay() + 6) % 7),
    };
  return unit === 'M' ? { ...day, day: 1 } : { ...day, month: 0, day: 1 };
}

function addTime(local: LocalTime, unit: 's' | 'm' | 'h'): LocalTime {
  if (unit === 'h') return { ...local, hour: local.hour + 1 };
  return unit === 'm' ? { ...local, minute: local.minute + 1 } : { ...local, second: local.second + 1 };
}

function midnight(day: RegExpExecArray): LocalTime {
  return {
    year: Number(day[1]),
    month: Number(day[2]) - 1,
    day: Number(day[3]),
    hour: 0,
    minute: 0,
    second: 0,
    ms: 0,
  };
}

function point(instant: number): Moment | null {
  return Number.isNaN(instant) || !within(instant) ? null : { start: instant, end: instant };
}

function within(instant: number): boolean {
  return instant >= earliest && instant <= latest;
}
