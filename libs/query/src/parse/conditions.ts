import { fieldOperatorsOf, type Filter, type FilterOp, type QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { nearestOf, shortened, type Report } from './faults.js';
import type { Calendar } from './instants.js';
import { limits } from './limits.js';
import { controlWords } from './parameters.js';
import { instantCondition, readBoolean, readPlace, readText, readValue, type Read } from './values.js';

/** A condition at the top of a query. */
export interface Part {
  /** The field that it is about, or null for an `and`, `or` or `not`. */
  readonly field: string | null;
  readonly filter: Filter;
}

/** The conditions of a query side by side, which mean one element of a list; null when there are none. */
export function filterOf(parts: readonly Part[]): Filter | null {
  return parts.length === 0 ? null : { kind: 'and', of: parts.map(({ filter }) => filter) };
}

/** What a filter asks of one field. */
export interface Asked {
  readonly field: QueryField;
  readonly op: FilterOp;
  /** Texts of a query string, or values of JSON. */
  readonly operands: readonly unknown[];
  readonly form: 'text' | 'json';
}

const operators = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'exists',
  'prefix',
  'all',
  'near',
] as const satisfies readonly FilterOp[];

/** The operators that take several values; each of the others takes one. */
export const takesSeveral: ReadonlySet<FilterOp> = new Set<FilterOp>(['eq', 'ne', 'all']);

/** The conditions that `asked` stands for: mostly one, and of a whole day its two ends. */
export function conditionsOf(asked: Asked, calendar: Calendar): Read<Filter[]> {
  const { field, op, operands, form } = asked;
  const condition = (values: Read<(string | number | boolean)[]>): Read<Filter[]> =>
    'fault' in values
      ? values
      : { value: [{ kind: 'condition', field: field.path, op, values: values.value }] };
  if (op === 'near') return condition(readPlace(operands));
  if (op === 'exists') return condition(readAll(operands, (operand) => readBoolean(operand, form)));
  if (field.kind !== 'instant') return condition(readAll(operands, (one) => readValue(one, field, form)));
  const texts = readAll(operands, readText);
  return 'fault' in texts ? texts : instantCondition(field.path, op, texts.value, calendar);
}

function readAll<T>(operands: readonly unknown[], read: (operand: unknown) => Read<T>): Read<T[]> {
  const values: T[] = [];
  for (const operand of operands) {
    if (typeof operand === 'string' && operand.length > limits.value)
      return {
        fault: { code: 'value_too_long', detail: `takes values of at most ${limits.value} characters` },
      };
    const one = read(operand);
    if ('fault' in one) return one;
    values.push(one.value);
  }
  return { value: values };
}

/** The field that a filter may name so, or null with a fault. */
export function filterableField(
  path: string,
  view: ServedView,
  /** Control words are offered too: a bare parameter may be a slip for one. */
  isBare: boolean,
  report: Report,
): QueryField | null {
  const field = view.fields.get(path);
  if (field?.filterable) return field;
  const filterable = [...view.fields.values()].filter((one) => one.filterable).map((one) => one.path);
  if (field === undefined)
    report({
      code: 'field_unknown',
      detail: `'${view.name}' has no field '${shortened(path)}'.`,
      allowed: filterable,
      ...nearestOf(path, isBare ? [...filterable, ...controlWords] : filterable),
    });
  else
    report({
      code: 'field_not_filterable',
      detail: `'${path}' can not be filtered on: ${whyNot(field)}.`,
      allowed: filterable,
    });
  return null;
}

export function whyNot(field: QueryField): string {
  if (field.kind === 'prose') return 'it is text for q';
  return field.hints.carry === true ? 'it is carried, not indexed' : `it is ${field.kind}`;
}

/** The operator of this name, when the field (null: unknown) takes it, or null with a fault. */
export function operatorFor(word: string, field: QueryField | null, report: Report): FilterOp | null {
  const op = operators.find((known) => known === word);
  const allowed = field === null ? operators : fieldOperatorsOf(field);
  if (op === undefined) {
    report({
      code: 'operator_unknown',
      detail: `There is no operator '${shortened(word)}'.`,
      allowed,
      ...nearestOf(word, allowed),
    });
    return null;
  }
  if (allowed.includes(op)) return op;
  report({
    code: 'operator_not_allowed',
    detail: `'${field?.path}' is ${field?.array ? 'a list of ' : ''}${field?.kind} and takes no '${op}'.`,
    allowed,
  });
  return null;
}

/** Counts what all filters of one query ask for. */
export class Amount {
  conditions = 0;
  values = 0;

  add(values: number): void {
    this.conditions += 1;
    this.values += values;
  }

  faults(): QueryFault[] {
    const found: QueryFault[] = [];
    if (this.conditions > limits.conditions)
      found.push({
        parameter: '',
        code: 'too_many_conditions',
        detail: `A query has at most ${limits.conditions} conditions, and this one ${this.conditions}.`,
      });
    if (this.values > limits.values)
      found.push({
        parameter: '',
        code: 'too_many_values',
        detail: `A query compares with at most ${limits.values} values, and this one with ${this.values}.`,
      });
    return found;
  }
}
