import type { AnyColumn, AnyRef, ColumnDef } from '../source/columns.js';
import type { FilterValue, Hints, RollUp } from '../plan/plan.js';
import { targetOf } from '../source/describe.js';
import { backRef, type Source } from '../source/source.js';

/** The rows that a shape function was called for. Its identity tells fields of different joins apart. */
export interface Scope {
  readonly source: Source;
  /** The list column whose items these are, or null for rows of the source itself. */
  readonly list: string | null;
  readonly columns: Readonly<Record<string, ColumnDef>>;
  /** The rows that own these items, which a row of them shows as `parent`; only where a join leads into the list. */
  readonly owner: Scope | null;
}

/** What a field of a shape is at run time, before it is compiled. */
export type Expression =
  | ColumnExpression
  | MissingExpression
  | JoinExpression
  | RollUpExpression
  | ConstantExpression
  | ComputeExpression;

interface Decorated {
  readonly hints: Hints;
  readonly orElse?: FilterValue;
}
export interface ColumnExpression extends Decorated {
  readonly expression: 'column';
  readonly scope: Scope;
  readonly name: string;
  readonly def: ColumnDef;
}
/** A name that the source does not declare: reported by check, not thrown, so that all faults are told at once. */
export interface MissingExpression extends Decorated {
  readonly expression: 'missing';
  readonly scope: Scope;
  readonly name: string;
}
export interface JoinOptions {
  readonly where?: unknown;
  readonly sort?: string | readonly string[];
  readonly limit?: number | 'unbounded';
  readonly required?: boolean;
  readonly flat?: boolean;
}
export interface JoinExpression extends Decorated {
  readonly expression: 'one' | 'many';
  readonly from: unknown;
  readonly options: JoinOptions;
  /** What the join leads to and the shape made of it; null when `from` leads nowhere. */
  readonly inner: { readonly scope: Scope; readonly shape: unknown } | null;
}
export interface RollUpOptions {
  readonly where?: unknown;
  /** The function that names the column of which equal values count once (`count` only). */
  readonly distinct?: unknown;
}
export interface RollUpExpression extends Decorated {
  readonly expression: 'rollUp';
  readonly fn: RollUp['fn'];
  readonly from: unknown;
  readonly options: RollUpOptions;
  /** The rows or items that are rolled up; null when `from` leads nowhere. */
  readonly scope: Scope | null;
  /** What is rolled up; null for a count of the rows themselves. */
  readonly value: unknown;
}
export interface ConstantExpression extends Decorated {
  readonly expression: 'constant';
  readonly value: FilterValue;
}
export type ComputeFunction = (...inputs: readonly unknown[]) => unknown;
export interface ComputeExpression extends Decorated {
  readonly expression: 'compute';
  readonly column: AnyColumn;
  readonly inputs: readonly unknown[];
  readonly run: ComputeFunction;
  readonly version: string | null;
}

const expression = Symbol('prejoin.expression');

/** Wraps an expression as the field that the compiler is told of. The only place where the two meet. */
export function fieldFor<X>(value: Expression): X {
  return { [expression]: value } as X;
}

export function expressionOf(field: unknown): Expression | undefined {
  if (typeof field !== 'object' || field === null || !(expression in field)) return undefined;
  return (field as { readonly [expression]: Expression })[expression];
}

/**
 * The row that a shape function gets. Columns are read when they are used, since references of a cycle are getters;
 * names that do not exist become missing expressions.
 */
export function rowOf<R>(scope: Scope): R {
  const row = new Proxy(scope.columns, {
    get: (columns, name): unknown => {
      if (typeof name === 'symbol') return undefined;
      if (name === 'parent' && scope.owner !== null) return rowOf(scope.owner);
      const def = Object.hasOwn(columns, name) ? columns[name] : undefined;
      return def === undefined
        ? fieldFor({ expression: 'missing', scope, name, hints: {} })
        : fieldFor({ expression: 'column', scope, name, def, hints: {} });
    },
  });
  return row as R;
}

export function rowScope(source: Source): Scope {
  return { source, list: null, columns: columnsIn(source.columns), owner: null };
}

function itemScope(source: Source, list: string, of: unknown, owner: Scope | null): Scope {
  return { source, list, columns: columnsIn(of), owner };
}

function columnsIn(declared: unknown): Scope['columns'] {
  return declared as Scope['columns'];
}

/** Where a join or a roll-up leads to, or null when it leads nowhere: check() says why. */
export function innerScope(from: unknown): Scope | null {
  const backwards = backReferenceOf(from);
  if (backwards !== null) return backwardScope(backwards);
  const field = expressionOf(from);
  if (field?.expression !== 'column') return null;
  const { def, scope, name } = field;
  if (def.kind === 'ref') return rowScope(targetOf(scope.source, def));
  if (def.kind === 'list') return itemScope(scope.source, name, def.of, null);
  const item = def.kind === 'array' ? (def.item as AnyRef) : null;
  return item?.kind === 'ref' ? rowScope(targetOf(scope.source, item)) : null;
}

function backwardScope({ source, column }: BackReference): Scope | null {
  const [top = '', item] = column.split('.');
  if (item === undefined) return rowScope(source);
  const list = columnsIn(source.columns)[top];
  return list?.kind === 'list' ? itemScope(source, top, list.of, rowScope(source)) : null;
}

interface BackReference {
  readonly source: Source;
  /** A path: `customerId`, `lines.productId`. */
  readonly column: string;
}

export function backReferenceOf(from: unknown): BackReference | null {
  if (typeof from !== 'object' || from === null || !(backRef in from)) return null;
  return from[backRef] as BackReference;
}

/** How a person would name the row: `order`, or `order.lines`. */
export function nameOfScope(scope: Scope): string {
  return scope.list === null ? scope.source.name : `${scope.source.name}.${scope.list}`;
}
