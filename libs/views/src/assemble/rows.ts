/** One row of a source: its id and the state as it was published. */
export interface LoadedRow {
  readonly id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The rows that a batch of documents needs, by level id ('' holds the roots). Deleted rows are left out. Order does not
 * matter: the assembly filters, sorts and limits by the plan, so that it gives the same document whoever loaded the rows,
 * and a level with `derived` may hold no more than the first rows of each key. Only a level with `rollUp` is final: one
 * row for each key that has any, `{ id: <key>, data: { value: <rolled up> } }`, as rollUpValues makes it.
 */
export type LoadedRows = ReadonlyMap<string, readonly LoadedRow[]>;

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/**
 * `document` is null when there is none: the root is deleted or filtered out, or a required partner is missing.
 * `fault` says why a document can not be made at all (a compute function threw, or gave what its kind can not hold):
 * neither a document nor its absence, so that nobody takes it for a reason to delete.
 */
export type Assembled = AssembledAs<'document', { readonly [name: string]: Json }>;
/** The same with the document as the JSON text that goes to an index. */
export type AssembledText = AssembledAs<'body', string>;

type AssembledAs<Name extends string, Made> =
  | ({ readonly id: string } & { readonly [name in Name]: Made | null })
  | { readonly id: string; readonly fault: string };

/** The functions of `compute` nodes that this process has, by key. */
export type Computes = ReadonlyMap<string, (...inputs: readonly unknown[]) => unknown>;
