import type { Condition, DocumentField, Operators } from '#views';
import type { FilterPath } from './fields.js';

/** A distance as the server reads it. */
export type Distance = `${number}m` | `${number}km` | `${number}mi`;
export interface Near {
  readonly lat: number;
  readonly lon: number;
  readonly distance: Distance;
}

/**
 * A filter over a view's documents, in the grammar of view declarations and of the query API. Conditions side by side
 * hold together, and on one list they mean the same element; `null` means that there is no value. What is undefined asks
 * nothing.
 */
export type Filter<F> = { readonly [P in FilterPath<F>]?: ConditionOn<F[P]> } & {
  readonly and?: readonly Filter<F>[];
  readonly or?: readonly Filter<F>[];
  readonly not?: Filter<F>;
};

type ConditionOn<L> = L extends { readonly kind: 'geo' }
  ? { readonly near?: Near; readonly exists?: boolean } | OrNull<L>
  : L extends DocumentField<string, infer K, infer V, boolean, infer Several>
    ? (Several extends true ? ListCondition<K, V> : Condition<K, V>) | OrNull<L>
    : never;
/** Of several values, any may meet a condition; `all` asks for each of its own. */
type ListCondition<K, V> = V | readonly V[] | (Operators<K, V> & { readonly all?: V | readonly V[] });
type OrNull<L> = L extends { readonly nullable: true } ? null : never;

/** `unknown` when every name in a filter, however deep, is a field that can be filtered on, else the reason in words. */
export type KnownFields<W, F, Name extends string> = [UnknownIn<W, F>] extends [never]
  ? unknown
  : UnknownIn<W, F> extends keyof F & string
    ? `'${Name}' can not be filtered by '${UnknownIn<W, F>}'`
    : `'${Name}' has no field '${UnknownIn<W, F> & string}'`;

type UnknownIn<W, F> = [Filter<F>] extends [W]
  ? // Of the type itself nothing is unknown, and looking into it would never end.
    never
  : W extends object
    ? {
        [P in keyof W & string]: P extends 'and' | 'or'
          ? W[P] extends readonly (infer One)[]
            ? UnknownIn<One, F>
            : never
          : P extends 'not'
            ? UnknownIn<W[P], F>
            : P extends FilterPath<F>
              ? never
              : P;
      }[keyof W & string]
    : never;
