import { localTime } from '#kernel';
import { compareValues } from '#views';
import type { DateGrouping, Grouping } from '../aggregates.js';
import { fillGaps } from '../intervals.js';
import type { Column } from './column.js';
import { firstIn } from './first.js';
import type { Rows } from './table.js';
import { shown, type Comparable } from './values.js';

export interface Group {
  /** The value, or the label of the interval. */
  readonly name: Comparable;
  readonly count: number;
}

/**
 * Counts rows by value or interval. A row is in every group that it has a value for.
 *
 * @param isIn which of the distinct values make groups; null is all
 */
export function groupBy(all: Rows, by: Grouping, isIn: Uint8Array | null = null): Group[] {
  const { names } = namesIn(all, by);
  const counts = new Uint32Array(names.length);
  const lastRow = new Int32Array(names.length).fill(-1);
  eachNamed(all, by, (name, row, value) => {
    // Rows come one after the other, so that one that is counted already was the last.
    if (isIn?.[value] === 0 || lastRow[name] === row) return;
    lastRow[name] = row;
    counts[name] = (counts[name] ?? 0) + 1;
  });
  const groups: Group[] = [];
  counts.forEach((count, at) => {
    const name = names[at] ?? null;
    if (count > 0 && name !== null) groups.push({ name: shownIn(all, by, name), count });
  });
  return groups;
}

/** The rows of some groups, by name. */
export function rowsOf(
  groups: readonly Group[],
  all: Rows,
  by: Grouping,
): ReadonlyMap<Comparable, readonly number[]> {
  const found = new Map(groups.map(({ name }): [Comparable, number[]] => [name, []]));
  const byName = namesIn(all, by).names.map((name) =>
    name === null ? undefined : found.get(shownIn(all, by, name)),
  );
  eachNamed(all, by, (name, row) => {
    const group = byName[name];
    if (group !== undefined && group.at(-1) !== row) group.push(row);
  });
  return found;
}

/** Visits the values of all rows, with the place of what each is called. */
function eachNamed(all: Rows, by: Grouping, visit: (name: number, row: number, value: number) => void): void {
  const { numbers, starts } = all.table.column(by.field);
  const { nameOf } = namesIn(all, by);
  for (const row of all.rows) {
    const end = starts[row + 1] ?? 0;
    for (let at = starts[row] ?? 0; at < end; at += 1) {
      const value = numbers[at] ?? 0;
      visit(nameOf === null ? value : (nameOf[value] ?? 0), row, value);
    }
  }
}

export function sizeOf(groups: readonly Group[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0);
}

/** The first groups by count: the most frequent values first, and equally frequent ones by value. */
export function byCount(groups: readonly Group[], limit: number): readonly Group[] {
  return firstIn(groups, limit, (group) => group, compareGroups);
}

export function compareGroups(a: Group, b: Group): number {
  return b.count - a.count || compareValues(a.name, b.name, undefined);
}

/** The latest intervals in the order of time, those without documents among them. */
export function byTime(
  groups: readonly Group[],
  { interval }: DateGrouping,
  limit: number,
): readonly Group[] {
  const counts = new Map(groups.map(({ name, count }) => [String(name), count]));
  return fillGaps([...counts.keys()].sort(), interval, limit).map((name) => ({
    name,
    count: counts.get(name) ?? 0,
  }));
}

/** How the distinct values of a column are called in groups. */
interface Names {
  readonly names: readonly (Comparable | null)[];
  /** By the number of the value, its name's place in `names`; null when each value has its own, at its number. */
  readonly nameOf: readonly number[] | null;
}

function namesIn({ table }: Rows, by: Grouping): Names {
  const column = table.column(by.field);
  return by.kind === 'dates' ? intervalNames(by, column) : { names: column.values, nameOf: null };
}

function shownIn({ table }: Rows, { kind, field }: Grouping, name: Comparable): Comparable {
  return kind === 'dates' ? name : shown(name, table.column(field).field);
}

/** By column, interval and zone: what a clock shows costs more than all the rest of a question, and does not change. */
const known = new WeakMap<Column, Map<string, IntervalNames>>();
const mostKnown = 16;

interface IntervalNames extends Names {
  readonly names: string[];
  readonly nameOf: number[];
  readonly ofQuarter: Map<number, number>;
}

function intervalNames({ interval, zone }: DateGrouping, column: Column): Names {
  const ofColumn = known.get(column) ?? new Map<string, IntervalNames>();
  known.set(column, ofColumn);
  const key = `${interval} ${zone}`;
  const found = ofColumn.get(key) ?? { names: [], nameOf: [], ofQuarter: new Map<number, number>() };
  if (ofColumn.size >= mostKnown) ofColumn.clear();
  ofColumn.set(key, found);
  nameNewValues(found, column, interval, zone);
  return found;
}

const quarterHour = 900_000;

/** Names the values that came since. All clocks on earth change at whole quarters of an hour, so that each is asked once. */
function nameNewValues(
  { names, nameOf, ofQuarter }: IntervalNames,
  { values, field }: Column,
  interval: DateGrouping['interval'],
  zone: string,
): void {
  const place = new Map(names.map((name, at) => [name, at]));
  for (const value of values.slice(nameOf.length)) {
    const ms = typeof value === 'number' ? value : Date.parse(`${String(value)}T00:00:00Z`);
    const quarter = Math.floor(ms / quarterHour);
    let name = ofQuarter.get(quarter);
    if (name === undefined) {
      const label = labelOf(quarter * quarterHour, interval, field.kind === 'day' ? 'UTC' : zone);
      name = place.get(label) ?? names.push(label) - 1;
      place.set(label, name);
      ofQuarter.set(quarter, name);
    }
    nameOf.push(name);
  }
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
