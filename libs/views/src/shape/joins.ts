import type { NoSuchColumn, Sorts, Where } from '../filter/where.js';
import { fieldFor, innerScope, rowOf, type JoinOptions, type Scope } from './expressions.js';
import type {
  InnerAt,
  InnerSource,
  InfoOf,
  Join,
  JoinedColumns,
  JoinedName,
  OuterAt,
  RowOf,
} from './fields.js';
import type { Bounded, Check, ManyFree, ManyOk, OneOk, OneSorted, Sorted } from './words.js';

/** The `where` option of a join or roll-up. */
export type Filtered<R, W> = { readonly where?: W & NoSuchColumn<W, JoinedColumns<R>, JoinedName<R>> };
type Shape<R, D> = (row: RowOf<R>) => D & Check<D, InnerAt<R>, InnerSource<R>>;
type Limit = number | 'unbounded';
/** Items of a list keep the order and number that was published: only rows are sorted and limited. */
type Ranked<R, L> =
  InfoOf<R> extends { readonly items: unknown }
    ? {
        readonly sort?: 'a list keeps its order: leave sort out';
        readonly limit?: 'a list keeps all its items: leave limit out';
      }
    : { readonly sort?: Sorts<JoinedColumns<R>>; readonly limit?: L };

/**
 * The one row that a reference leads to, or that a reference backwards comes from: null without one, or, with
 * `required`, the absence of the element (or document) that it stands in. A reference that is not unique needs a
 * `sort` to say which of several.
 */
export function one<R, D>(from: OneOk<R>, shape: Shape<R, D>): Join<D, 'one', true, OuterAt<R>>;
export function one<
  R,
  D,
  const W extends Where<JoinedColumns<R>>,
  const S extends Sorts<JoinedColumns<R>> | undefined = undefined,
  const Q extends boolean = false,
>(
  from: OneSorted<R>,
  options: Sorted<R, S> & { readonly sort?: S; readonly required?: Q } & Filtered<R, W>,
  shape: Shape<R, D>,
): Join<D, 'one', Q extends true ? false : true, OuterAt<R>>;
export function one(from: unknown, second: unknown, third?: unknown): unknown {
  return join('one', from, second, third);
}

/**
 * The rows of a reference backwards, of an array of references, or the items of a list. Rows backwards need a `limit`
 * (or `'unbounded'`), counted after `where`; they are ordered by `sort`, then id. Absent partners are left out, as are
 * nulls of a flattened shape.
 */
export function many<R, D>(from: ManyFree<R>, shape: Shape<R, D>): Join<D, 'many', false, OuterAt<R>>;
export function many<
  R,
  D,
  const W extends Where<JoinedColumns<R>>,
  const L extends Limit | undefined = undefined,
>(
  from: ManyOk<R>,
  options: Bounded<R, L> & Ranked<R, L> & { readonly flat?: boolean } & Filtered<R, W>,
  shape: Shape<R, D>,
): Join<D, 'many', false, OuterAt<R>>;
export function many(from: unknown, second: unknown, third?: unknown): unknown {
  return join('many', from, second, third);
}

function join(expression: 'one' | 'many', from: unknown, second: unknown, third: unknown): unknown {
  const [options, shape] = typeof second === 'function' ? [{}, second] : [second as JoinOptions, third];
  const scope = innerScope(from);
  const inner = scope === null || typeof shape !== 'function' ? null : { scope, shape: call(shape, scope) };
  return fieldFor({ expression, from, options: options ?? {}, inner, hints: {} });
}

function call(shape: unknown, scope: Scope): unknown {
  return (shape as (row: unknown) => unknown)(rowOf(scope));
}
