import type { Filter, FilterOp, FilterValue, QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import { instantForms, isCalendarDay, readMoment, type Calendar, type Moment } from './instants.js';
import { nearest } from './suggest.js';

type ValueFault = Pick<QueryFault, 'code' | 'detail' | 'allowed' | 'didYouMean'>;
export type Read<T> = { readonly value: T } | { readonly fault: ValueFault };

/** Reads one text as a value of the field's kind; instants are read by `readInstants`. */
export function readValue(text: string, field: QueryField): Read<FilterValue> {
  switch (field.kind) {
    case 'int':
      return whole(text) ?? invalid(`takes whole numbers, and has ${quote(text)}`);
    case 'money':
      return whole(text) ?? invalid(moneyHint(text, field.currency));
    case 'decimal':
      return /^-?\d+(\.\d+)?([eE][+-]?\d{1,3})?$/.test(text) && Number.isFinite(Number(text))
        ? { value: Number(text) }
        : invalid(`takes numbers such as 1.5, and has ${quote(text)}`);
    case 'bool':
      return readBoolean(text);
    case 'day':
      return isCalendarDay(text)
        ? { value: text }
        : invalid(`takes days such as 2026-05-31, and has ${quote(text)}`);
    case 'enum':
      return readChoice(text, field.values ?? []);
    case 'id':
    case 'string':
      return { value: text };
    case 'instant':
    case 'prose':
    case 'geo':
    case 'json':
      throw new TypeError(`'${field.path}' is a ${field.kind}: it is not read as a single value.`);
  }
}

export function readBoolean(text: string): Read<boolean> {
  if (text === 'true' || text === 'false') return { value: text === 'true' };
  return {
    fault: {
      code: 'value_invalid',
      detail: `takes true or false, and has ${quote(text)}`,
      allowed: ['true', 'false'],
    },
  };
}

function readChoice(text: string, values: readonly string[]): Read<string> {
  if (values.length === 0 || values.includes(text)) return { value: text };
  const didYouMean = nearest(text, values);
  return {
    fault: {
      code: 'value_invalid',
      detail: `takes one of ${values.join(', ')}, and has ${quote(text)}`,
      allowed: values,
      ...(didYouMean === undefined ? {} : { didYouMean }),
    },
  };
}

function whole(text: string): Read<number> | null {
  return /^-?\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? { value: Number(text) } : null;
}

/** Money is whole minor units; who writes 10.50 is told what that is. */
function moneyHint(text: string, currency = 'EUR'): string {
  const digits =
    new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2;
  const [, sign = '', major = '', minor = ''] = /^(-?)(\d{1,12})\.(\d+)$/.exec(text) ?? [];
  const general = `takes whole minor units of ${currency}`;
  if (major === '' || minor.length > digits) return `${general}, and has ${quote(text)}`;
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
    if (moment === null) return invalid(`takes instants such as ${instantForms}, and has ${quote(text)}`);
    moments.push(moment);
  }
  return { value: comparedWith(field, op, moments) };
}

function comparedWith(field: string, op: FilterOp, moments: readonly Moment[]): Filter[] {
  const is = (operator: FilterOp, ...instants: number[]): Filter => ({
    kind: 'condition',
    field,
    op: operator,
    values: instants.map((instant) => new Date(instant).toISOString()),
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
    case 'exists':
    case 'prefix': {
      if (moments.every((moment) => moment.start === moment.end))
        return [is(op === 'ne' ? 'ne' : 'eq', ...moments.map((moment) => moment.start))];
      const spans = moments.map((moment): Filter[] =>
        moment.start === moment.end
          ? [is('eq', moment.start)]
          : [is('gte', moment.start), is('lt', moment.end)],
      );
      if (op === 'ne')
        return [
          { kind: 'condition', field, op: 'exists', values: [true] },
          { kind: 'not', of: anyOf(spans) },
        ];
      return spans.length === 1 ? (spans[0] ?? []) : [anyOf(spans)];
    }
  }
}

function anyOf(spans: readonly Filter[][]): Filter {
  return { kind: 'or', of: spans.map((span) => ({ kind: 'and', of: span })) };
}

function invalid(detail: string): { readonly fault: ValueFault } {
  return { fault: { code: 'value_invalid', detail } };
}

function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 60)}…` : text}"`;
}
