import type { Arr, Column, ColumnKind, List, Ref } from '../source/columns.js';
import type { BackRefOf, ResolveSelf, Source, StateOfColumns } from '../source/source.js';

/**
 * What a shape function sees: one field per column, carrying its type and the row that it belongs to (`At`), so that
 * a field used in another row's shape is refused. All of it is for the compiler; run time is in expressions.ts.
 */
declare const type: unique symbol;

export type FieldKind = ColumnKind | 'object' | 'list';

export interface Field<K extends FieldKind, V, At extends string, Name extends string = 'this field'> {
  readonly [type]: { readonly kind: K; readonly value: V; readonly at: At; readonly name: Name };
}
/** A reference to one row. */
export interface RefField<Name extends string, S, V, At extends string> {
  readonly [type]: {
    readonly kind: 'id';
    readonly value: V;
    readonly at: At;
    readonly name: Name;
    readonly follows: S;
  };
}
/** An array of references. */
export interface RefsField<Name extends string, S, At extends string> {
  readonly [type]: {
    readonly kind: 'id';
    readonly value: readonly string[];
    readonly at: At;
    readonly name: Name;
    readonly each: S;
  };
}
/** A list column of the row itself. */
export interface ListField<Name extends string, F, At extends string, Me = unknown> {
  readonly [type]: {
    readonly kind: 'list';
    readonly value: readonly StateOfColumns<F>[];
    readonly at: At;
    readonly name: Name;
    readonly items: F;
    readonly of: Me;
  };
}
/** The row that owns the items of a list (`parent`), among the columns that a shape, filter or sort of the items sees. */
export interface Parent<F> {
  readonly kind: 'parent';
  readonly of: F;
}
/** A join: `one` or `many` over the shape `D`. */
export interface Join<D, Card extends 'one' | 'many', Nullable extends boolean, At extends string> {
  readonly [type]: {
    readonly kind: Card extends 'one' ? 'object' : 'list';
    readonly value: JoinValue<D, Card, Nullable>;
    readonly at: At;
    readonly name: 'this join';
    readonly inner: D;
  };
}
type JoinValue<D, Card, Nullable> = Card extends 'many'
  ? NonNullable<Out<D>>[]
  : Nullable extends true
    ? Out<D> | null
    : Out<D>;

export type AnyField = {
  readonly [type]: {
    readonly kind: FieldKind;
    readonly value: unknown;
    readonly at: string;
    readonly name: string;
  };
};

/** `unknown` for what is no field: `never` would pass every `extends`. */
export type InfoOf<X> = X extends { readonly [type]: infer I } ? I : unknown;
export type KindOf<X> = InfoOf<X> extends { readonly kind: infer K extends FieldKind } ? K : never;
export type ValueOf<X> = InfoOf<X> extends { readonly value: infer V } ? V : never;
export type AtOf<X> = InfoOf<X> extends { readonly at: infer A extends string } ? A : never;
export type NameOf<X> = InfoOf<X> extends { readonly name: infer N extends string } ? N : 'this field';
/** The kind of the value in the end: a join that is flattened has its field's. */
export type LeafKindOf<X> =
  InfoOf<X> extends { readonly inner: infer D } ? (D extends AnyField ? LeafKindOf<D> : 'object') : KindOf<X>;

/** The value that a shape makes. */
export type Out<D> = D extends AnyField ? ValueOf<D> : { [P in keyof D]: Out<D[P]> };

export type Row<At extends string, Me, F> = { readonly [P in keyof F & string]: FieldOf<P, F[P], At, Me> };
type FieldOf<P extends string, X, At extends string, Me> =
  X extends List<infer G>
    ? ListField<P, G, At, Me>
    : X extends Parent<infer G>
      ? Row<At, Me, G>
      : X extends Arr<infer C>
        ? ArrayField<P, C, At, Me>
        : X extends Ref<infer S, infer N, boolean>
          ? RefField<P, ResolveSelf<S, Me>, N extends true ? string | null : string, At>
          : X extends Column<infer K, infer V, infer N>
            ? Field<K, N extends true ? V | null : V, At, P>
            : never;
type ArrayField<P extends string, C, At extends string, Me> =
  C extends Ref<infer S, boolean, boolean>
    ? RefsField<P, ResolveSelf<S, Me>, At>
    : C extends Column<infer K, infer V, boolean>
      ? Field<K, readonly V[], At, P>
      : never;

/** The source whose rows `R` leads to, or whose lists hold the items that it leads to. */
export type TargetOf<R> =
  InfoOf<R> extends { readonly follows: infer S }
    ? S
    : InfoOf<R> extends { readonly each: infer S }
      ? S
      : InfoOf<R> extends { readonly items: unknown; readonly of: infer S }
        ? S
        : BackRefOf<R> extends {
              readonly from: infer M extends string;
              readonly rows: infer F;
              readonly owner: infer O;
            }
          ? Source<M, O extends null ? F : O>
          : never;
export type ColumnsOf<S> = S extends { readonly columns: infer F } ? F : never;
/** The columns that a shape, filter or sort inside the join may name. */
export type JoinedColumns<R> =
  InfoOf<R> extends { readonly items: infer G }
    ? G
    : BackRefOf<R> extends { readonly rows: infer F; readonly owner: infer O }
      ? O extends null
        ? F
        : F & { readonly parent: Parent<O> }
      : ColumnsOf<TargetOf<R>>;
export type JoinedName<R> =
  InfoOf<R> extends { readonly items: unknown }
    ? NameOf<R>
    : BackRefOf<R> extends {
          readonly from: infer M extends string;
          readonly column: `${infer List}.${string}`;
        }
      ? `${M}.${List}`
      : TargetOf<R> extends { readonly name: infer N extends string }
        ? N
        : never;

/** Names the rows inside a join, so that fields know where they belong. */
export type InnerAt<R> =
  BackRefOf<R> extends { readonly from: infer M extends string; readonly column: infer C extends string }
    ? `${M} by ${C}`
    : `${AtOf<R>}.${NameOf<R>}`;
export type InnerSource<R> = InfoOf<R> extends { readonly items: unknown } ? '' : JoinedName<R>;
/** Where the join itself belongs: a back reference fits in any row of the source that it points at. */
export type OuterAt<R> = BackRefOf<R> extends { readonly to: infer To extends string } ? `→${To}` : AtOf<R>;
export type RowOf<R> = Row<InnerAt<R>, TargetOf<R>, JoinedColumns<R>>;
