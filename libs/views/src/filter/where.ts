import type { Arr, Column, List, Ref } from '../source/columns.js';
import type { ValueKind } from '../plan/plan.js';
import type { Parent } from '../shape/fields.js';

/** Kinds whose values have an order that a filter can ask for. */
export type OrderedKind = 'int' | 'decimal' | 'money' | 'instant' | 'day' | 'id' | 'string';

/** What may be asked of one value: the value, a list of values, or operators. */
export type Condition<K, V> = V | readonly V[] | Operators<K, V>;
/** The operators that values of a kind have. */
export type Operators<K, V> = {
  readonly eq?: V | readonly V[];
  readonly ne?: V | readonly V[];
  readonly exists?: boolean;
} & Ranges<K, V> &
  Prefixes<K>;
type Ranges<K, V> = K extends OrderedKind
  ? { readonly gt?: V; readonly gte?: V; readonly lt?: V; readonly lte?: V }
  : unknown;
type Prefixes<K> = K extends 'string' ? { readonly prefix?: string } : unknown;

type Unfilterable = Column<'geo' | 'json' | 'prose', unknown, boolean> | List<unknown>;
export type FilterKey<F> = { [P in keyof F & string]: F[P] extends Unfilterable ? never : P }[keyof F &
  string];

/** A filter over the columns of one source, or of a list's items and, below `parent`, of the row that owns them. */
export type Where<F> = { readonly [P in FilterKey<F>]?: ConditionOn<F[P]> } & {
  readonly and?: readonly Where<F>[];
  readonly or?: readonly Where<F>[];
  readonly not?: Where<F>;
};
type ConditionOn<X> =
  X extends Column<infer K, infer V, infer N>
    ? Condition<K, V> | OrNull<N>
    : X extends Ref<unknown, infer N, boolean>
      ? Condition<'id', string> | OrNull<N>
      : X extends Arr<Column<infer K, infer V, boolean>>
        ? Condition<K, V>
        : X extends Arr<unknown>
          ? Condition<'id', string>
          : X extends Parent<infer G>
            ? Where<G>
            : never;
type OrNull<N> = N extends true ? null : never;

/** `unknown` when every key of a filter is a column, else the reason in words. */
export type NoSuchColumn<W, F, Name extends string> = [UnknownKey<W, F>] extends [never]
  ? W extends { readonly parent: infer P }
    ? F extends { readonly parent: Parent<infer G> }
      ? NoSuchColumn<P, G, `${Name}.parent`>
      : unknown
    : unknown
  : UnknownKey<W, F> extends keyof F
    ? `${Name}.${UnknownKey<W, F> & string} can not be filtered on`
    : `${Name} has no column '${UnknownKey<W, F>}'`;
type UnknownKey<W, F> = Exclude<keyof W & string, FilterKey<F> | 'and' | 'or' | 'not'>;

type Sortable =
  Column<Exclude<ValueKind, 'prose' | 'geo' | 'json'>, unknown, boolean> | Ref<unknown, boolean, boolean>;
type SortColumn<F> = {
  [P in keyof F & string]: F[P] extends Sortable
    ? P
    : F[P] extends Parent<infer G>
      ? `parent.${SortColumn<G>}`
      : never;
}[keyof F & string];
/** `'placedAt'` ascending, `'-placedAt'` descending, `'parent.placedAt'` of the row that owns an item. */
export type Sort<F> = SortColumn<F> | `-${SortColumn<F>}`;
export type Sorts<F> = Sort<F> | readonly Sort<F>[];
