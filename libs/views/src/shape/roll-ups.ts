import type { Where } from '../filter/where.js';
import type { RollUp } from '../plan/plan.js';
import { fieldFor, innerScope, rowOf, type RollUpOptions } from './expressions.js';
import type { Field, FieldKind, InnerAt, JoinedColumns, KindOf, OuterAt, RowOf } from './fields.js';
import type { Filtered } from './joins.js';
import type { DistinctOk, ExtremeOk, NumberOk, RollUpOk, SingleValueOf } from './words.js';

/**
 * How many rows (or items of a list) there are: 0 without any. `distinct` names a column of which equal values count
 * once, and nulls not at all.
 */
export function count<R, X = never, const W extends Where<JoinedColumns<R>> = Where<JoinedColumns<R>>>(
  from: RollUpOk<R, 'count'>,
  options?: DistinctOk<NoInfer<X>, InnerAt<R>> & { readonly distinct?: (row: RowOf<R>) => X } & Filtered<
      R,
      W
    >,
): Field<'int', number, OuterAt<R>>;
export function count(from: unknown, options: RollUpOptions = {}): unknown {
  return rollUp('count', from, options.distinct, options);
}

/** The sum of a column over several rows or items, exact and rounded once: 0 without any. Nulls are left out. */
export function sum<R, X, const W extends Where<JoinedColumns<R>>>(
  from: RollUpOk<R, 'sum'>,
  pick: (row: RowOf<R>) => NumberOk<X, InnerAt<R>, 'sum'>,
  options?: Filtered<R, W>,
): Field<KindOf<X> & FieldKind, number, OuterAt<R>>;
export function sum(from: unknown, pick: unknown, options?: RollUpOptions): unknown {
  return rollUp('sum', from, pick, options);
}

/** The mean of a column over several rows or items: null without any. Nulls are left out, and do not count. */
export function avg<R, X, const W extends Where<JoinedColumns<R>>>(
  from: RollUpOk<R, 'avg'>,
  pick: (row: RowOf<R>) => NumberOk<X, InnerAt<R>, 'avg'>,
  options?: Filtered<R, W>,
): Field<'decimal', number | null, OuterAt<R>>;
export function avg(from: unknown, pick: unknown, options?: RollUpOptions): unknown {
  return rollUp('avg', from, pick, options);
}

/** The smallest number, or the earliest instant or day, of a column over several rows or items: null without any. */
export function min<R, X, const W extends Where<JoinedColumns<R>>>(
  from: RollUpOk<R, 'min'>,
  pick: (row: RowOf<R>) => ExtremeOk<X, InnerAt<R>, 'min'>,
  options?: Filtered<R, W>,
): Field<KindOf<X> & FieldKind, SingleValueOf<X> | null, OuterAt<R>>;
export function min(from: unknown, pick: unknown, options?: RollUpOptions): unknown {
  return rollUp('min', from, pick, options);
}

/** The greatest number, or the latest instant or day, of a column over several rows or items: null without any. */
export function max<R, X, const W extends Where<JoinedColumns<R>>>(
  from: RollUpOk<R, 'max'>,
  pick: (row: RowOf<R>) => ExtremeOk<X, InnerAt<R>, 'max'>,
  options?: Filtered<R, W>,
): Field<KindOf<X> & FieldKind, SingleValueOf<X> | null, OuterAt<R>>;
export function max(from: unknown, pick: unknown, options?: RollUpOptions): unknown {
  return rollUp('max', from, pick, options);
}

function rollUp(fn: RollUp['fn'], from: unknown, pick: unknown, options: RollUpOptions = {}): unknown {
  const scope = innerScope(from);
  const value = scope === null || typeof pick !== 'function' ? null : callPick(pick, rowOf(scope));
  return fieldFor({ expression: 'rollUp', fn, from, options, scope, value, hints: {} });
}

function callPick(pick: unknown, row: unknown): unknown {
  return (pick as (row: unknown) => unknown)(row);
}
