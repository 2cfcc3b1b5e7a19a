import type { FieldKind, InfoOf } from '../shape/fields.js';
import type { Arr, Column, Ref } from '../source/columns.js';
import type { View } from './view.js';

/**
 * One field of a view's documents, for the compiler: what fieldsOf() says of a plan. Hints are not in it, since they do
 * not change the type of what they are given: a carried field looks like any other.
 */
export interface DocumentField<
  Path extends string = string,
  Kind extends FieldKind = FieldKind,
  Value = unknown,
  Nullable extends boolean = boolean,
  Several extends boolean = boolean,
> {
  /** Dotted: `lines.product.name`. */
  readonly path: Path;
  readonly kind: Kind;
  /** One of its values, without null. */
  readonly value: Value;
  /** It may be null or absent, by itself or for want of a partner. */
  readonly nullable: Nullable;
  /** There may be several values in one document: it lies in a list, or is an array. */
  readonly several: Several;
}

/** The fields of a view's documents by their one spelling, as queries name them. */
export type FieldsOf<X> =
  X extends View<string, unknown, infer D>
    ? { readonly [L in LeavesOf<D, '', false, false> | IdField as PathIn<L>]: L }
    : never;
type PathIn<L> = L extends { readonly path: infer P extends string } ? P : never;
type IdField = DocumentField<'id', 'id', string, false, false>;

/** The fields of a shape as a union. `Null` and `Several` are those of what lies around it. */
type LeavesOf<D, Path extends string, Null extends boolean, Several extends boolean> =
  InfoOf<D> extends { readonly inner: infer Inner; readonly kind: infer K; readonly value: infer V }
    ? LeavesOf<Inner, Path, null extends V ? true : Null, K extends 'list' ? true : Several>
    : InfoOf<D> extends { readonly items: infer F }
      ? { [Q in keyof F & string]: ItemLeaf<F[Q], Joined<Path, Q>, Null> }[keyof F & string]
      : InfoOf<D> extends { readonly kind: infer K extends FieldKind; readonly value: infer V }
        ? Leaf<Path, K, V, Null, Several>
        : { [Q in keyof D & string]: LeavesOf<D[Q], Joined<Path, Q>, Null, Several> }[keyof D & string];

type Leaf<Path extends string, K extends FieldKind, V, Null extends boolean, Several extends boolean> =
  NonNullable<V> extends readonly (infer Item)[]
    ? DocumentField<Path, K, Item, null extends V ? true : Null, true>
    : DocumentField<Path, K, Present<V>, null extends V ? true : Null, Several>;

type Present<V> = V extends null ? never : V;

/** A column of a list that a shape names as a whole. */
type ItemLeaf<X, Path extends string, Null extends boolean> =
  X extends Column<infer K, infer V, infer N>
    ? DocumentField<Path, K, V, N extends true ? true : Null, true>
    : X extends Ref<unknown, infer N, boolean>
      ? DocumentField<Path, 'id', string, N extends true ? true : Null, true>
      : X extends Arr<infer C>
        ? ItemLeaf<C, Path, Null>
        : never;

type Joined<Path extends string, Name extends string> = Path extends '' ? Name : `${Path}.${Name}`;
