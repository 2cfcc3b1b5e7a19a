import type { FilterValue, Hints } from '../plan/plan.js';
import { expressionOf, fieldFor, type Expression } from './expressions.js';
import type { AnyField, AtOf, Field, FieldKind, LeafKindOf, ValueOf } from './fields.js';
import type { FacetOk, GuardOk, OrElseOk, TextOk } from './words.js';

/** Searched by words. `weight` counts a match more (1 by default); `language` is a name that the engine has an analysis for. */
export function text<X>(
  field: TextOk<X>,
  options: { readonly weight?: number; readonly language?: string } = {},
): X {
  return hinted(field, { text: { weight: options.weight ?? 1, language: options.language ?? null } });
}

/** Its values are counted. */
export function facet<X>(field: FacetOk<X>): X {
  return hinted(field, { facet: true });
}

/** The field that the ownership of a row is checked by. */
export function guard<X>(field: GuardOk<X>): X {
  return hinted(field, { guard: true });
}

/** Returned, not indexed. */
export function carry<X extends AnyField>(field: X): X {
  return hinted(field, { carry: true });
}

/** The value that stands for null, also for a missing partner. */
export function orElse<X, const V extends NonNullable<ValueOf<X>> & FilterValue>(
  field: OrElseOk<X>,
  value: V,
): Field<LeafKindOf<X> & FieldKind, NonNullable<ValueOf<X>>, AtOf<X>> {
  return fieldFor({ ...expressionIn(field), orElse: value });
}

/** The same value in every document. */
export function constant<const V extends FilterValue>(value: V): Field<ConstantKind<V>, V, ''> {
  return fieldFor({ expression: 'constant', value, hints: {} });
}
type ConstantKind<V> = V extends string ? 'string' : V extends number ? 'decimal' : 'bool';

function hinted<X>(field: unknown, hints: Hints): X {
  const expression = expressionIn(field);
  return fieldFor({ ...expression, hints: { ...expression.hints, ...hints } });
}

function expressionIn(field: unknown): Expression {
  const expression = expressionOf(field);
  if (expression === undefined)
    throw new TypeError('A hint takes a field of the shape, such as text(c.name).');
  return expression;
}
