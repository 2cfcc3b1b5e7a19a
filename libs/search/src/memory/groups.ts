import { localTime } from '#kernel';
import { compareValues, type QueryField } from '#views';
import type { DateGrouping, Grouping, ValueCount } from '../aggregates.js';
import { fieldOf, type Fields } from '../fields.js';
import { fillGaps } from '../intervals.js';
import { shown, valuesOf, type Comparable, type MemoryDocument } from './document.js';

/** The documents of each group, by the value or the label of the interval. A document is in every group that it has a value for. */
export type Groups = ReadonlyMap<Comparable, readonly MemoryDocument[]>;

export function groupBy(documents: Iterable<MemoryDocument>, by: Grouping, fields: Fields): Groups {
  const field = fieldOf(by.field, fields);
  const nameOf = by.kind === 'dates' ? labeller(by, field) : (value: Comparable) => value;
  const read = valuesOf(field);
  const groups = new Map<Comparable, MemoryDocument[]>();
  for (const document of documents) {
    const names = read(document).map(nameOf);
    for (const name of names.length > 1 ? new Set(names) : names) {
      const group = groups.get(name);
      if (group === undefined) groups.set(name, [document]);
      else group.push(document);
    }
  }
  return by.kind === 'dates' ? groups : new Map([...groups].map(([value, of]) => [shown(value, field), of]));
}

/** The most frequent values first, and equally frequent ones by value. */
export function byCount(groups: Groups): readonly (readonly [Comparable, readonly MemoryDocument[]])[] {
  return [...groups].sort(
    ([a, of], [b, others]) => others.length - of.length || compareValues(a, b, undefined),
  );
}

export function countsOf(groups: Groups): readonly ValueCount[] {
  return byCount(groups).map(([value, of]) => ({ value, count: of.length }));
}

/** The latest intervals in the order of time, those without documents among them. */
export function intervalsIn(groups: Groups, { interval }: DateGrouping, limit: number): readonly string[] {
  const labels = [...groups.keys()].map(String).sort();
  return fillGaps(labels, interval, limit);
}

const quarterHour = 900_000;

/** Writes the interval of a date. All clocks on earth change at whole quarters of an hour, so that each is asked once. */
function labeller({ interval, zone }: DateGrouping, { kind }: QueryField): (value: Comparable) => string {
  const known = new Map<number, string>();
  const zoneOf = kind === 'day' ? 'UTC' : zone;
  return (value) => {
    const ms = typeof value === 'number' ? value : Date.parse(`${String(value)}T00:00:00Z`);
    const quarter = Math.floor(ms / quarterHour);
    const label = known.get(quarter) ?? labelOf(quarter * quarterHour, interval, zoneOf);
    known.set(quarter, label);
    return label;
  };
}

function labelOf(instant: number, interval: DateGrouping['interval'], zone: string): string {
  const { year, month, day, hour } = localTime(instant, zone);
  const digits = (value: number, width = 2): string => String(value).padStart(width, '0');
  const ofMonth = `${digits(year, 4)}-${digits(month + 1)}`;
  const ofDay = `${ofMonth}-${digits(day)}`;
  switch (interval) {
    case 'hour':
      return `${ofDay}T${digits(hour)}`;
    case 'day':
      return ofDay;
    case 'week': {
      const date = new Date(`${ofDay}T00:00:00Z`);
      date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
      return date.toISOString().slice(0, ofDay.length);
    }
    case 'month':
      return ofMonth;
    case 'quarter':
      return `${digits(year, 4)}-Q${Math.floor(month / 3) + 1}`;
    case 'year':
      return digits(year, 4);
  }
}
