import type { NoSuchColumn, Sorts, Where } from '../filter/where.js';
import { rowOf, rowScope, type Scope } from '../shape/expressions.js';
import type { ColumnsOf, Out, Row } from '../shape/fields.js';
import type { Check } from '../shape/words.js';
import type { Source } from '../source/source.js';

/** Carries the type of a view's shape; there is no such property at run time. */
declare const shapeType: unique symbol;

/** A declared view. What it holds is for compile() and check(); everything else goes by the plan. */
export interface View<Name extends string = string, S = Source, D = unknown> {
  readonly name: Name;
  readonly root: S;
  readonly options: {
    readonly where?: unknown;
    readonly sort?: string | readonly string[];
    readonly was?: string;
    readonly deprecated?: string;
  };
  readonly scope: Scope;
  /** What the shape function returned, once. */
  readonly shape: unknown;
  readonly [shapeType]?: D;
}

/** The type of a view's documents. */
export type DocumentOf<X> = X extends View<string, unknown, infer D> ? { id: string } & Out<D> : never;

type Options<F, W, Name extends string> = {
  /** Which rows have a document, by the root's own columns. */
  readonly where?: W & NoSuchColumn<W, F, Name>;
  /** The default order of lists: columns of the root that the document holds. */
  readonly sort?: Sorts<F>;
  /** The name that the view had before. */
  readonly was?: string;
  /** The day (`2027-03-01`) from which it may be gone: answers say so until then, and it is served as before. */
  readonly deprecated?: string;
};
type Shape<S extends Source, D> = (
  row: Row<S['name'], Source<S['name'], ColumnsOf<S>>, ColumnsOf<S>>,
) => D & Check<D, S['name'], S['name']>;

/** Declares a view over the rows of `root`. The shape reads as the document that it makes; it runs once, here. */
export function view<Name extends string, S extends Source, D>(
  name: Name,
  root: S,
  shape: Shape<S, D>,
): View<Name, S, D>;
export function view<Name extends string, S extends Source, D, const W extends Where<ColumnsOf<S>>>(
  name: Name,
  root: S,
  options: Options<ColumnsOf<S>, W, S['name']>,
  shape: Shape<S, D>,
): View<Name, S, D>;
export function view(name: string, root: Source, second: unknown, third?: unknown): View {
  const [options, shape] = typeof second === 'function' ? [{}, second] : [second as View['options'], third];
  const scope = rowScope(root);
  const make = shape as (row: unknown) => unknown;
  return { name, root, options, scope, shape: make(rowOf(scope)) };
}
