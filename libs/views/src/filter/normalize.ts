import type { Filter, FilterOp, FilterValue, ValueKind } from '../plan/plan.js';
import { placeOf } from './near.js';

/** What a filter has to know of a column, or of a field of a document. */
export interface FilterColumn {
  readonly kind: ValueKind;
  readonly nullable: boolean;
  readonly values?: readonly string[];
  /** It holds several values. */
  readonly array?: boolean;
  /** What the filter calls it, when that is not the name that it is asked by. */
  readonly field?: string;
}
/** By the name that they are asked by; a map stands for a group of columns of its own (`parent: { status: 'paid' }`). */
export type FilterColumns = ReadonlyMap<string, FilterColumn | FilterColumnGroup>;
type FilterColumnGroup = ReadonlyMap<string, FilterColumn>;

export interface Normalized {
  /** null when nothing is asked. */
  readonly filter: Filter | null;
  /** What is wrong, as sentences; the filter must not be used when there are any. */
  readonly faults: readonly string[];
}

type OperatorsOf = (column: FilterColumn) => readonly FilterOp[];

interface Context {
  readonly columns: FilterColumns;
  readonly operators: OperatorsOf;
  readonly faults: string[];
}

const comparisons: readonly FilterOp[] = ['gt', 'gte', 'lt', 'lte'];
const orderedKinds: readonly ValueKind[] = ['int', 'decimal', 'money', 'instant', 'day', 'id', 'string'];
const unfilterable: readonly ValueKind[] = ['prose', 'geo', 'json'];

/** The operators that a filter of a declaration may use on a column. */
export function operatorsOf({ kind }: Pick<FilterColumn, 'kind'>): readonly FilterOp[] {
  if (unfilterable.includes(kind)) return [];
  return [
    'eq',
    'ne',
    ...(orderedKinds.includes(kind) ? comparisons : []),
    'exists',
    ...(kind === 'string' ? (['prefix'] as const) : []),
  ];
}

/** The operators that a query may use on a field of a document. */
export function fieldOperatorsOf(field: Pick<FilterColumn, 'kind' | 'array'>): readonly FilterOp[] {
  if (field.kind === 'geo') return ['near', 'exists'];
  const operators = operatorsOf(field);
  return field.array && operators.length > 0 ? [...operators, 'all'] : operators;
}

/**
 * Turns the object grammar (`{ status: ['a', 'b'], total: { gte: 1 }, or: […], not: {…} }`) into a `Filter` over
 * `columns`, in the order written. Collects all faults.
 * @param operators what may be asked of a column; `fieldOperatorsOf` for the fields of documents
 */
export function normalizeFilter(
  input: unknown,
  columns: FilterColumns,
  operators: OperatorsOf = operatorsOf,
): Normalized {
  const faults: string[] = [];
  const filter = group({ columns, operators, faults }, input);
  return { filter, faults };
}

function group(context: Context, input: unknown): Filter | null {
  if (input === undefined) return null;
  if (!isObject(input)) {
    context.faults.push(`a filter must be an object such as { status: 'paid' }, and is ${shown(input)}`);
    return null;
  }
  return all(Object.entries(input).flatMap(([key, asked]) => entry(context, key, asked)));
}

function entry(context: Context, key: string, asked: unknown): Filter[] {
  if (asked === undefined) return [];
  if (key === 'and' || key === 'or') return alternatives(context, key, asked);
  if (key === 'not') {
    const of = group(context, asked);
    return of === null ? [] : [{ kind: 'not', of }];
  }
  const column = context.columns.get(key);
  if (column === undefined) {
    context.faults.push(
      `there is no '${key}' to filter on; there are: ${[...context.columns.keys()].join(', ')}`,
    );
    return [];
  }
  if (isGroup(column)) {
    const of = group({ ...context, columns: column }, asked);
    return of === null ? [] : [of];
  }
  if (context.operators(column).length === 0) {
    context.faults.push(`'${key}' can not be filtered on: it is a ${column.kind} column`);
    return [];
  }
  return conditions(context, key, column, asked);
}

function isGroup(column: FilterColumn | FilterColumnGroup): column is FilterColumnGroup {
  return column instanceof Map;
}

function alternatives(context: Context, kind: 'and' | 'or', asked: unknown): Filter[] {
  if (!Array.isArray(asked)) {
    context.faults.push(`'${kind}' takes a list of filters, and is ${shown(asked)}`);
    return [];
  }
  const of = asked.map((one) => group(context, one));
  // An empty filter matches everything: it settles an 'or' and adds nothing to an 'and'.
  if (kind === 'or' && of.includes(null)) return [];
  const present = of.filter((one) => one !== null);
  // Conditions on one list that stand side by side mean the same element; entries of an 'and' are each about their own,
  // so each stays a node.
  if (kind === 'and') return present.map((one) => (one.kind === 'and' ? one : { kind: 'and', of: [one] }));
  return [present.length === 1 && present[0] !== undefined ? present[0] : { kind: 'or', of: present }];
}

function conditions(context: Context, field: string, column: FilterColumn, asked: unknown): Filter[] {
  if (!isObject(asked)) return equality(context, field, column, 'eq', asked);
  const allowed = context.operators(column);
  return Object.entries(asked).flatMap(([op, operand]) => {
    if (operand === undefined) return [];
    if (!allowed.includes(op as FilterOp)) {
      context.faults.push(`'${field}' knows no '${op}'; a ${column.kind} knows: ${allowed.join(', ')}`);
      return [];
    }
    if (op === 'eq' || op === 'ne') return equality(context, field, column, op, operand);
    if (op === 'all') return setOf(context, field, column, operand);
    if (op === 'near') return near(context, field, column, operand);
    return [comparison(context, field, column, op as FilterOp, operand)].filter((one) => one !== null);
  });
}

/** Null is asked for by `exists`, so that a missing value has one meaning everywhere. */
function equality(
  context: Context,
  field: string,
  column: FilterColumn,
  op: 'eq' | 'ne',
  asked: unknown,
): Filter[] {
  const given: readonly unknown[] = Array.isArray(asked) ? asked : [asked];
  if (given.includes(null) && !column.nullable) {
    context.faults.push(`'${field}' is never null: it has no null to compare with`);
    return [];
  }
  const values = given
    .filter((value) => value !== null)
    .map((value) => valueOf(context, field, column, value));
  const exists: Filter = {
    kind: 'condition',
    field: column.field ?? field,
    op: 'exists',
    values: [op === 'ne'],
  };
  if (!given.includes(null)) return [condition(field, column, op, values)];
  if (values.length === 0) return [exists];
  if (op === 'eq') return [{ kind: 'or', of: [condition(field, column, op, values), exists] }];
  return [condition(field, column, op, values)];
}

function comparison(
  context: Context,
  field: string,
  column: FilterColumn,
  op: FilterOp,
  operand: unknown,
): Filter | null {
  if (op === 'exists') {
    if (typeof operand === 'boolean')
      return { kind: 'condition', field: column.field ?? field, op, values: [operand] };
    context.faults.push(`'${field}' exists: must be true or false, and is ${shown(operand)}`);
    return null;
  }
  if (Array.isArray(operand) || operand === null) {
    context.faults.push(`'${field}' ${op} takes one value, and has ${shown(operand)}`);
    return null;
  }
  return condition(field, column, op, [valueOf(context, field, column, operand)]);
}

/** Each has to be there, so that a null among them could not be met. */
function setOf(context: Context, field: string, column: FilterColumn, operand: unknown): Filter[] {
  const given: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  return [
    condition(
      field,
      column,
      'all',
      given.map((value) => valueOf(context, field, column, value)),
    ),
  ];
}

function near(context: Context, field: string, column: FilterColumn, operand: unknown): Filter[] {
  const place = isObject(operand) ? placeOf(operand) : null;
  if (place !== null) return [condition(field, column, 'near', place)];
  context.faults.push(
    `'${field}' near takes { lat: 52.37, lon: 4.89, distance: '5km' }, and has ${shown(operand)}`,
  );
  return [];
}

function condition(
  field: string,
  column: FilterColumn,
  op: FilterOp,
  values: readonly FilterValue[],
): Filter {
  const as = column.kind === 'instant' ? ({ as: 'instant' } as const) : {};
  return { kind: 'condition', field: column.field ?? field, op, values, ...as };
}

function valueOf(context: Context, field: string, column: FilterColumn, value: unknown): FilterValue {
  const fault = valueFault(column, value);
  if (fault !== null) context.faults.push(`'${field}' ${fault}, and is compared with ${shown(value)}`);
  return value as FilterValue;
}

/** What is wrong with `value` as a value of this kind, as the end of a sentence, or null. */
export function valueFault(column: FilterColumn, value: unknown): string | null {
  switch (column.kind) {
    case 'int':
    case 'money':
      return Number.isSafeInteger(value) ? null : `takes whole numbers`;
    case 'decimal':
      return Number.isFinite(value) ? null : `takes numbers`;
    case 'bool':
      return typeof value === 'boolean' ? null : `takes true or false`;
    case 'instant':
      return isInstant(value) ? null : `takes instants such as 2026-05-31T12:00:00.000Z`;
    case 'day':
      return isDay(value) ? null : `takes days such as 2026-05-31`;
    case 'enum':
      return column.values?.includes(value as string) === false
        ? `takes one of ${column.values.join(', ')}`
        : null;
    case 'id':
    case 'string':
    case 'prose':
      return typeof value === 'string' ? null : `takes text`;
    case 'geo':
    case 'json':
      return `takes no value`;
  }
}

const instantPattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

function isInstant(value: unknown): boolean {
  return typeof value === 'string' && instantPattern.test(value) && !Number.isNaN(Date.parse(value));
}

function isDay(value: unknown): boolean {
  if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  // Date.parse rolls 31 February over in some forms; a day that does not come back is none.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(value);
}

function all(of: readonly Filter[]): Filter | null {
  if (of.length === 0) return null;
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: 'and', of };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
