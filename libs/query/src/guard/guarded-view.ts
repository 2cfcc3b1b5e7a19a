import { valueAt } from '#search';
import { canonicalJson, type DocumentOf, type Filter } from '#views';
import type { ServedView } from '../served-view.js';
import { signatureOf } from '../signature.js';
import { GuardMissingError } from './errors.js';

/**
 * Whose documents a caller may see: by the path of each guarded field the value that it has to have, or any of several,
 * to the letter. `'*'` is staff, who see every document, also those without a value. Every guarded field of a view needs
 * an entry; entries of other fields are ignored, so that one answer serves all views.
 */
export type Guarded = Readonly<Record<string, GuardedValue>>;
/** Nothing, an empty text and an empty list are no value. Within a list `'*'` is a value like any other. */
export type GuardedValue = string | readonly string[] | null | undefined;

/** As `Guarded`, for one view: the compiler refuses a path that its documents do not have. */
export type GuardedOf<V> = Readonly<Partial<Record<TextPaths<DocumentOf<V>>, GuardedValue>>>;
type TextPaths<D> = {
  [P in keyof D & string]: NonNullable<D[P]> extends string
    ? P
    : NonNullable<D[P]> extends readonly unknown[]
      ? never
      : NonNullable<D[P]> extends object
        ? `${P}.${TextPaths<NonNullable<D[P]>>}`
        : never;
}[keyof D & string];

/** A guarded field and the values that a document may have there. */
interface GuardedField {
  readonly path: string;
  readonly values: readonly string[];
}

/** Known here only, so that nothing but `guardedView` makes what reads take. */
const restrictions = Symbol('restrictions');

/** A view as one caller may see it: what every read takes. */
export interface GuardedView extends ServedView {
  /** All of them have to hold. None for staff, and of a view without guards. */
  readonly [restrictions]: readonly GuardedField[];
}

/** The only way to a view that can be read. @throws {GuardMissingError} when a guarded field has no value */
export function guardedView(view: ServedView, guarded: Guarded | null | undefined): GuardedView {
  const restricted = view.guards.flatMap((path) => {
    const given = guarded && Object.hasOwn(guarded, path) ? guarded[path] : null;
    return given === '*' ? [] : [{ path, values: valuesOf(given) }];
  });
  if (restricted.some(({ values }) => values.length === 0))
    throw new GuardMissingError(view.name, view.guards);
  return { ...view, [restrictions]: restricted };
}

/** In one order, each once. Claims of a token may be anything: what is no text is no value. */
function valuesOf(given: unknown): readonly string[] {
  const values: readonly unknown[] = Array.isArray(given) ? given : [given];
  const texts = values.filter(
    (value): value is string => typeof value === 'string' && value !== '' && value.isWellFormed(),
  );
  return [...new Set(texts)].sort();
}

/** The conditions that every document which is shown or counted meets. */
export function guardFilters(view: GuardedView): readonly Filter[] {
  return view[restrictions].map(({ path, values }) => ({ kind: 'condition', field: path, op: 'eq', values }));
}

/** Whether the caller may see a document of this JSON text. */
export function isVisible(view: GuardedView, source: string): boolean {
  return view[restrictions].every(({ path, values }) => {
    const value = valueAt(source, path.split('.'));
    return typeof value === 'string' && values.includes(value);
  });
}

/**
 * Stands in a cursor for whose walk it is, without telling; null when nothing is restricted. A walk goes on only for a
 * caller that sees the same documents.
 */
export function guardMark(view: GuardedView, secret: string): string | null {
  if (view[restrictions].length === 0) return null;
  const text = canonicalJson(view[restrictions]);
  return signatureOf(`guard ${text}`, secret).slice(0, 22);
}
