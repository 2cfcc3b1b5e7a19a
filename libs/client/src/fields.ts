import type { AnyView, DocumentOf } from '#views';

/** Which fields of a view a part of a query may name. `F` is what FieldsOf says of a view. */

type NumberKind = 'int' | 'decimal' | 'money';
type DateKind = 'instant' | 'day';
type NameKind = 'id' | 'string' | 'enum';

/** The fields whose kind is one of `K`. */
export type PathOfKind<F, K> = {
  [P in keyof F & string]: F[P] extends { readonly kind: K } ? P : never;
}[keyof F & string];

export type NumberPath<F> = PathOfKind<F, NumberKind>;
export type DatePath<F> = PathOfKind<F, DateKind>;
/** What has a smallest and a greatest value. */
export type OrderedPath<F> = PathOfKind<F, NumberKind | DateKind>;
/** What has an order, and what can be counted by. */
export type ValuePath<F> = PathOfKind<F, NumberKind | DateKind | NameKind | 'bool'>;
export type FilterPath<F> = ValuePath<F> | PathOfKind<F, 'geo'>;
/** What `q` may search; the server knows which of them the view declares as text. */
export type TextPath<F> = PathOfKind<F, 'string' | 'prose'>;
/** What `_suggest` may be asked of. */
export type NamePath<F> = PathOfKind<F, NameKind>;
/** Every field and every object around one. */
export type SelectPath<F> = WithObjects<keyof F & string>;
type WithObjects<P extends string> = P extends `${infer Head}.${infer Rest}`
  ? Head | `${Head}.${WithObjects<Rest>}`
  : P;

/** The documents of a view, or what `fields` leaves of them. */
export type Selected<V extends AnyView, S extends string> = [S] extends [never]
  ? DocumentOf<V>
  : Part<DocumentOf<V>, S | 'id'>;

/**
 * The parts of a document that lie on the paths `S`. What has no part to answer is left out by the server, with its
 * name: an object that is null, and a list without items that have one.
 */
type Part<T, S extends string> = T extends readonly (infer Item)[]
  ? readonly Part<Item, S>[]
  : {
      readonly [P in keyof T & string as P extends S ? P : never]: T[P];
    } & {
      readonly [P in PartedOf<T, S> as IsCertain<T[P], Within<S, P>> extends true ? P : never]: Part<
        T[P],
        Within<S, P>
      >;
    } & {
      readonly [P in PartedOf<T, S> as IsCertain<T[P], Within<S, P>> extends true ? never : P]?: Part<
        NonNullable<T[P]>,
        Within<S, P>
      >;
    };
/** The members of which `S` names parts, but not all. */
type PartedOf<T, S extends string> = {
  [P in keyof T & string]: P extends S ? never : [Within<S, P>] extends [never] ? never : P;
}[keyof T & string];
/** Whether a member of the type `T` always has a part: a member of its own that is named is there, be it null. */
type IsCertain<T, S extends string> = null extends T
  ? false
  : T extends readonly unknown[]
    ? false
    : [Exclude<S, `${string}.${string}`>] extends [never]
      ? false
      : true;
type Within<S extends string, P extends string> = S extends `${P}.${infer Rest}` ? Rest : never;

/** The view's name, for messages. */
export type NameOf<V extends AnyView> = V['name'];
