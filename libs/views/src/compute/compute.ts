import type { Column, ColumnKind } from '../source/columns.js';
import { fieldFor, type ComputeFunction } from '../shape/expressions.js';
import type { AnyField, AtOf, Field, ValueOf } from '../shape/fields.js';

/**
 * A value derived by a pure function of other fields, joins or whole lists, of the kind that `column` declares.
 *
 * The function must depend on its inputs alone: what check() can see of the contrary is refused (see purity.ts), unless
 * a `version` vouches for it, which must then be changed with the function or with anything that it uses.
 */
export function compute<K extends ColumnKind, V, N extends boolean, const A extends readonly AnyField[]>(
  column: Column<K, V, N>,
  inputs: A,
  run: (...values: { [I in keyof A]: ValueOf<A[I]> }) => N extends true ? V | null : V,
  options: { readonly version?: string } = {},
): Field<K, N extends true ? V | null : V, AtOf<A[number]>> {
  return fieldFor({
    expression: 'compute',
    column: column,
    inputs,
    run: run as unknown as ComputeFunction,
    version: options.version ?? null,
    hints: {},
  });
}
