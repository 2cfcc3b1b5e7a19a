import type { BackRefOf } from '../source/source.js';
import type { AnyField, AtOf, InfoOf, KindOf, LeafKindOf, NameOf, ValueOf } from './fields.js';

/**
 * Type errors in words: a parameter that does not fit gets the reason as its type, so that the first line of the
 * compiler's message says it.
 */

/** Refuses a shape that holds something else than fields of its own row. */
export type Check<D, At extends string, S extends string> = D extends AnyField
  ? [Foreign<D, At, S>] extends [never]
    ? unknown
    : Foreign<D, At, S>
  : D extends string | number | boolean | null | undefined
    ? 'a plain value: derive with compute(), or write constant(…)'
    : D extends (...args: never) => unknown
      ? 'a function: call it'
      : {
          [P in keyof D]: P extends 'and' | 'or' | 'not'
            ? `'${P}' is a word of the filter grammar: choose another name`
            : Check<D[P], At, S>;
        };

type Foreign<X, At extends string, S extends string> = [AtOf<X>] extends [At | `→${S}` | '']
  ? never
  : AtOf<X> extends `→${infer O}`
    ? `this reference points at '${O}', but the shape is of '${S}'`
    : `'${NameOf<X>}' belongs to '${AtOf<X>}', not to this shape ('${At}')`;

type IsOne<R> = InfoOf<R> extends { readonly follows: unknown } ? true : false;
type IsList<R> = InfoOf<R> extends { readonly each: unknown } | { readonly items: unknown } ? true : false;
type IsBack<R> = BackRefOf<R> extends { readonly from: string } ? true : false;
type NotJoinable<R, Verb extends string> = `'${NameOf<R>}' is of kind ${KindOf<R>}, not a reference: ${Verb}`;

/** `one(ref, shape)`: a reference, or a unique one backwards. */
export type OneOk<R> =
  BackRefOf<R> extends {
    readonly from: infer M extends string;
    readonly column: infer C extends string;
    readonly unique: infer U;
  }
    ? U extends true
      ? R
      : `several '${M}' rows may have this ${C}: add { sort } to say which one, or declare ref(…, { unique: true })`
    : OneSorted<R>;
/** `one(ref, { sort }, shape)`: the sort says which of several. */
export type OneSorted<R> =
  IsBack<R> extends true
    ? R
    : IsOne<R> extends true
      ? R
      : IsList<R> extends true
        ? `'${NameOf<R>}' holds several: use many()`
        : NotJoinable<R, 'one() follows ref()'>;
/** A `one` over a reference that is not unique, backwards, must have a sort; `S` is undefined without. */
export type Sorted<R, S> = [S] extends [undefined] ? ([OneOk<R>] extends [R] ? unknown : OneOk<R>) : unknown;

export type ManyOk<R> = SeveralOk<R, 'many', 'use one()'>;
/** What `many` and the roll-ups go over. */
export type SeveralOk<R, Verb extends string, Instead extends string> =
  IsBack<R> extends true
    ? R
    : IsList<R> extends true
      ? R
      : IsOne<R> extends true
        ? `'${NameOf<R>}' holds one: ${Instead}`
        : NotJoinable<R, `${Verb}() takes a list, an array of references or a back reference`>;
/** `many(ref, shape)` without options: only what is bounded by itself. */
export type ManyFree<R> =
  BackRefOf<R> extends { readonly from: infer M extends string; readonly column: infer C extends string }
    ? `any number of '${M}' rows may have this ${C}: add limit (a number, or 'unbounded')`
    : ManyOk<R>;
/** Rows backwards must have a limit; `L` is undefined without. */
export type Bounded<R, L> = [L] extends [undefined]
  ? [ManyFree<R>] extends [R]
    ? unknown
    : ManyFree<R>
  : unknown;

/** `count`, `sum`, …: over several rows or items. */
export type RollUpOk<R, Verb extends string> = SeveralOk<R, Verb, `${Verb}() rolls up several`>;
/** A column of the row itself, of a kind that can be rolled up. */
type PickOk<
  X,
  At extends string,
  Verb extends string,
  Kinds extends string,
  Needs extends string,
> = X extends AnyField
  ? KindOf<X> extends Kinds
    ? [AtOf<X>] extends [At]
      ? X
      : `'${NameOf<X>}' belongs to '${AtOf<X>}', not to the rows that ${Verb}() rolls up ('${At}')`
    : `${Verb}() ${Needs}: '${NameOf<X>}' is of kind ${KindOf<X>}`
  : `${Verb}() ${Needs}: return a column of the row`;
export type NumberOk<X, At extends string, Verb extends string> = PickOk<
  X,
  At,
  Verb,
  'int' | 'decimal' | 'money',
  'adds numbers'
>;
export type ExtremeOk<X, At extends string, Verb extends string> = PickOk<
  X,
  At,
  Verb,
  'int' | 'decimal' | 'money' | 'instant' | 'day',
  'needs a number, instant or day'
>;
/** `unknown` for a column that can be counted by its values, or none at all (`X` is never), else the reason in words. */
export type DistinctOk<X, At extends string> = [X] extends [never]
  ? unknown
  : [X] extends [PickOk<X, At, 'count', ComparableKind, 'tells single values apart'>]
    ? unknown
    : PickOk<X, At, 'count', ComparableKind, 'tells single values apart'>;
type ComparableKind = 'id' | 'string' | 'enum' | 'bool' | 'int' | 'decimal' | 'money' | 'instant' | 'day';
/** The value of a column, or of one element when it is an array. */
export type SingleValueOf<X> =
  NonNullable<ValueOf<X>> extends infer V ? (V extends readonly (infer E)[] ? E : V) : never;

export type TextOk<X> =
  LeafKindOf<X> extends 'string' | 'prose'
    ? X
    : `text() searches words: '${NameOf<X>}' is of kind ${LeafKindOf<X>}`;
export type FacetOk<X> =
  LeafKindOf<X> extends ComparableKind
    ? X
    : `facet() counts values: '${NameOf<X>}' is of kind ${LeafKindOf<X>}`;
export type GuardOk<X> =
  LeafKindOf<X> extends 'id' | 'string' | 'enum'
    ? NonNullable<ValueOf<X>> extends readonly unknown[]
      ? `guard() takes the one owner of a document: '${NameOf<X>}' holds several`
      : X
    : `guard() takes an id, string or enum: '${NameOf<X>}' is of kind ${LeafKindOf<X>}`;
export type OrElseOk<X> =
  LeafKindOf<X> extends 'object' | 'list' | 'geo' | 'json'
    ? `orElse() stands for a single value: '${NameOf<X>}' is of kind ${LeafKindOf<X>}`
    : X;
