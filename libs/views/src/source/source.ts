import type { Arr, Column, ColumnDef, ColumnKind, List, Ref, Self } from './columns.js';

/** A source: what one service publishes of one kind of aggregate. */
export interface Source<Name extends string = string, F = unknown> {
  readonly name: Name;
  readonly owner: string | null;
  readonly was: string | null;
  /** As declared. References that form a cycle are getters, so they must not be read before all sources stand. */
  readonly columns: F;
}

/**
 * A reference seen from the other side: the rows of `from` whose `column` holds the id of a row of `to`. When the column
 * lies in a list (`lines.productId`), it leads to the items of the list instead, and `Owner` are the columns of the row
 * that the items belong to.
 */
export interface BackRef<
  From extends string,
  Col extends string,
  To extends string,
  Unique extends boolean,
  F,
  Owner = null,
> {
  readonly [backRef]: { readonly source: Source; readonly column: Col };
  /** For the compiler only: not there at run time. */
  readonly [backRefType]: {
    readonly from: From;
    readonly column: Col;
    readonly to: To;
    readonly unique: Unique;
    readonly rows: F;
    readonly owner: Owner;
  };
}

/** What the compiler knows of a back reference. `unknown` for anything else: `never` would pass every `extends`. */
export type BackRefOf<R> = R extends { readonly [backRefType]: infer I } ? I : unknown;

/** Where a back reference keeps what it is at run time. */
export const backRef = Symbol('prejoin.backRef');
declare const backRefType: unique symbol;

export type ResolveSelf<S, Me> = S extends Self ? Me : S;
export type NameOfSource<S> = S extends { readonly name: infer N extends string } ? N : never;

type Points = Ref<unknown, boolean, boolean> | List<unknown> | Arr<Ref<unknown, boolean, boolean>>;

/** `order.customerId`, `order.lines.productId`: every reference of a source, to be followed backwards. */
type Backwards<Name extends string, F, Me> = {
  readonly [P in keyof F & string as F[P] extends Points ? P : never]: F[P] extends Ref<
    infer S,
    boolean,
    infer U
  >
    ? BackRef<Name, P, NameOfSource<ResolveSelf<S, Me>>, U, F>
    : F[P] extends Arr<Ref<infer S, boolean, boolean>>
      ? BackRef<Name, P, NameOfSource<ResolveSelf<S, Me>>, false, F>
      : F[P] extends List<infer G>
        ? ItemsBackwards<Name, P, G, F, Me>
        : never;
};
type ItemsBackwards<Name extends string, List extends string, G, F, Me> = {
  readonly [Q in keyof G & string as G[Q] extends Points ? Q : never]: G[Q] extends
    Ref<infer S, boolean, boolean> | Arr<Ref<infer S, boolean, boolean>>
    ? BackRef<Name, `${List}.${Q}`, NameOfSource<ResolveSelf<S, Me>>, false, G, F>
    : never;
};

export type DeclaredSource<Name extends string, F> = Source<Name, F> & Backwards<Name, F, Source<Name, F>>;

/** The state that an event of a source carries. */
export type StateOf<S> = S extends { readonly columns: infer F } ? StateOfColumns<F> : never;
export type StateOfColumns<F> = { readonly [P in keyof F]: StateOfColumn<F[P]> };
type StateOfColumn<X> =
  X extends Column<ColumnKind, infer V, infer N>
    ? N extends true
      ? V | null
      : V
    : X extends Ref<unknown, infer N, boolean>
      ? N extends true
        ? string | null
        : string
      : X extends List<infer G>
        ? readonly StateOfColumns<G>[]
        : X extends Arr<infer C>
          ? readonly StateOfColumn<C>[]
          : never;

const ownNames = new Set(['name', 'owner', 'was', 'columns']);

/**
 * Declares a source. `owner` names the service that publishes it, `was` the name that it had before.
 *
 * Nothing is read from `columns` but its keys, so sources may refer to each other through getters.
 */
export function source<const Name extends string, F extends object>(
  name: Name,
  columns: F,
  options: { readonly owner?: string; readonly was?: string } = {},
): DeclaredSource<Name, F> {
  const own: Source<Name, F> = { name, owner: options.owner ?? null, was: options.was ?? null, columns };
  defineBackwards(own, own, columns, '');
  // The back references were defined by name just above; the compiler can not follow defineProperty.
  return own as DeclaredSource<Name, F>;
}

function defineBackwards(target: object, of: Source, columns: object, prefix: string): void {
  for (const column of Object.keys(columns)) {
    if (prefix === '' && ownNames.has(column)) continue;
    Object.defineProperty(target, column, {
      enumerable: false,
      get: () => backwards(of, columns, prefix, column),
    });
  }
}

function backwards(of: Source, columns: object, prefix: string, column: string): unknown {
  const def = (columns as Record<string, ColumnDef>)[column];
  if (def?.kind !== 'list') return { [backRef]: { source: of, column: `${prefix}${column}` } };
  const items = { [backRef]: { source: of, column: `${prefix}${column}` } };
  defineBackwards(items, of, def.of as object, `${prefix}${column}.`);
  return items;
}
