import { placeOf, type Filter, type FilterOp, type FilterValue, type QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import { isObject, nearestOf, quoted } from './faults.js';
import { instantForms, isCalendarDay, latest, readMoment, type Calendar, type Moment } from './instants.js';

export type ValueFault = Pick<QueryFault, 'code' | 'detail' | 'allowed' | 'didYouMean'>;
export type Read<T> = { readonly value: T } | { readonly fault: ValueFault };

/**
 * Reads one operand as a value of the field's kind: a text of a query string, or a value of JSON, where numbers and
 * booleans are written as such. Instants are read by `instantCondition`.
 */
export function readValue(operand: unknown, field: QueryField, form: 'text' | 'json'): Read<FilterValue> {
  switch (field.kind) {
    case 'int':
      return whole(operand, form) ?? invalid(`takes whole numbers, and has ${quoted(operand)}`);
    case 'money':
      return whole(operand, form) ?? invalid(moneyHint(operand, field.currency));
    case 'decimal':
      return decimal(operand, form) ?? invalid(`takes numbers such as 1.5, and has ${quoted(operand)}`);
    case 'bool':
      return readBoolean(operand, form);
    case 'day':
      return typeof operand === 'string' && isCalendarDay(operand)
        ? { value: operand }
        : invalid(`takes days such as 2026-05-31, and has ${quoted(operand)}`);
    case 'enum': {
      const text = readText(operand);
      return 'fault' in text ? text : readChoice(text.value, field.values ?? []);
    }
    case 'id':
    case 'string':
      return readText(operand);
    case 'instant':
    case 'prose':
    case 'geo':
    case 'json':
      throw new TypeError(`'${field.path}' is a ${field.kind}: it is not read as a single value.`);
  }
}

/** A text that can be sent on: half of a surrogate pair, which JSON can escape, has no bytes. */
export function readText(operand: unknown): Read<string> {
  if (operand === null) return invalid('takes no null; a missing value is asked for by exists: false');
  if (typeof operand !== 'string') return invalid(`takes text, and has ${quoted(operand)}`);
  return operand.isWellFormed()
    ? { value: operand }
    : invalid('takes text, and has half of a surrogate pair');
}

export function readBoolean(operand: unknown, form: 'text' | 'json'): Read<boolean> {
  const choices = form === 'text' ? ['false', 'true'] : [false, true];
  const at = choices.indexOf(operand as never);
  if (at !== -1) return { value: at === 1 };
  return {
    fault: {
      code: 'value_invalid',
      detail: `takes true or false, and has ${quoted(operand)}`,
      allowed: ['true', 'false'],
    },
  };
}

/** Latitude, longitude and metres of `52.37,4.89,5km`, or of `{ lat, lon, distance }` in JSON. */
export function readPlace(operands: readonly unknown[]): Read<FilterValue[]> {
  const [first, second, distance] = operands;
  const asObject =
    operands.length === 1 && isObject(first)
      ? first
      : operands.length === 3
        ? { lat: numberOf(first), lon: numberOf(second), distance }
        : {};
  const place = placeOf(asObject);
  if (place !== null) return { value: place };
  return invalid(
    'near takes a latitude, a longitude and a distance in m, km or mi: 52.37,4.89,5km, or in JSON ' +
      `{ "lat": 52.37, "lon": 4.89, "distance": "5km" }`,
  );
}

function readChoice(text: string, values: readonly string[]): Read<string> {
  if (values.length === 0 || values.includes(text)) return { value: text };
  return {
    fault: {
      code: 'value_invalid',
      detail: `takes one of ${values.join(', ')}, and has ${quoted(text)}`,
      allowed: values,
      ...nearestOf(text, values),
    },
  };
}

function whole(operand: unknown, form: 'text' | 'json'): Read<number> | null {
  const value = form === 'json' ? operand : wholeText(operand);
  return typeof value === 'number' && Number.isSafeInteger(value) ? { value } : null;
}

function wholeText(operand: unknown): number {
  return typeof operand === 'string' && /^-?\d+$/.test(operand) ? Number(operand) : NaN;
}

function decimal(operand: unknown, form: 'text' | 'json'): Read<number> | null {
  const value = form === 'json' ? operand : numberOf(operand);
  return typeof value === 'number' && Number.isFinite(value) ? { value } : null;
}

function numberOf(operand: unknown): number {
  const isNumber = typeof operand === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/.test(operand);
  return isNumber ? Number(operand) : NaN;
}

/** Money is whole minor units; who writes 10.50 is told what that is. */
function moneyHint(operand: unknown, currency = 'EUR'): string {
  const text = typeof operand === 'number' ? String(operand) : typeof operand === 'string' ? operand : '';
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const [, sign = '', major = '', minor = ''] = /^(-?)(\d{1,12})\.(\d+)$/.exec(text) ?? [];
  const general = `takes whole minor units of ${currency}`;
  if (major === '' || minor.length > digits) return `${general}, and has ${quoted(operand)}`;
  const inMinorUnits = Number(`${major}${minor.padEnd(digits, '0')}`);
  return `${general}: ${text} is ${sign}${inMinorUnits}`;
}

/** The condition on an instant: a bare day or a rounded time is compared as the whole of it. */
export function instantCondition(
  field: string,
  op: FilterOp,
  texts: readonly string[],
  calendar: Calendar,
): Read<Filter[]> {
  const moments: Moment[] = [];
  for (const text of texts) {
    const moment = readMoment(text, calendar);
    if (moment === null) return invalid(`takes instants such as ${instantForms}, and has ${quoted(text)}`);
    moments.push(moment);
  }
  return { value: comparedWith(field, op, moments) };
}

function comparedWith(field: string, op: FilterOp, moments: readonly Moment[]): Filter[] {
  const is = (operator: FilterOp, ...instants: number[]): Filter => ({
    kind: 'condition',
    field,
    // The last day of all ends in a year that has no four digits.
    op: instants.some((instant) => instant > latest) ? (beyond[operator] ?? operator) : operator,
    values: instants.map((instant) => new Date(Math.min(instant, latest)).toISOString()),
    as: 'instant',
  });
  const [{ start, end } = { start: 0, end: 0 }] = moments;
  const isPoint = start === end;
  switch (op) {
    case 'gt':
      return [isPoint ? is('gt', start) : is('gte', end)];
    case 'gte':
      return [is('gte', start)];
    case 'lt':
      return [is('lt', start)];
    case 'lte':
      return [isPoint ? is('lte', start) : is('lt', end)];
    case 'eq':
    case 'ne':
    case 'all':
      return comparedWithSet(is, field, op, moments);
    case 'exists':
    case 'prefix':
    case 'near':
      throw new TypeError(`'${op}' compares no instants.`);
  }
}

const beyond: Readonly<Partial<Record<FilterOp, FilterOp>>> = { lt: 'lte', gte: 'gt' };

function comparedWithSet(
  is: (operator: FilterOp, ...instants: number[]) => Filter,
  field: string,
  op: 'eq' | 'ne' | 'all',
  moments: readonly Moment[],
): Filter[] {
  if (moments.every((moment) => moment.start === moment.end))
    return [is(op, ...moments.map((moment) => moment.start))];
  const spans = moments.map((moment): Filter[] =>
    moment.start === moment.end ? [is('eq', moment.start)] : [is('gte', moment.start), is('lt', moment.end)],
  );
  // Each has to be met, and each by an item of its own.
  if (op === 'all') return spans.map((span) => ({ kind: 'and', of: span }));
  if (op === 'ne')
    return [
      { kind: 'condition', field, op: 'exists', values: [true] },
      { kind: 'not', of: anyOf(spans) },
    ];
  return spans.length === 1 ? (spans[0] ?? []) : [anyOf(spans)];
}

function anyOf(spans: readonly Filter[][]): Filter {
  return { kind: 'or', of: spans.map((span) => ({ kind: 'and', of: span })) };
}

export function invalid(detail: string): { readonly fault: ValueFault } {
  return { fault: { code: 'value_invalid', detail } };
}
