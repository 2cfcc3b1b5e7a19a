import type { FilterValue, ValueKind } from '../plan/plan.js';

/** Kinds that hold a value in one column; references are a kind of their own. */
export type ColumnKind = ValueKind;

/** What a column knows beside its kind. */
export interface ColumnDetail {
  readonly values?: readonly string[];
  readonly currency?: string;
  /** Stands for the column in events from before it was declared. */
  readonly default?: FilterValue;
  /** The name that it had before. */
  readonly was?: string;
}

/** Carries the type of a column's value; there is no such property at run time. */
declare const valueType: unique symbol;

export interface Column<K extends ColumnKind, V, N extends boolean = false> {
  readonly kind: K;
  readonly nullable: N;
  readonly detail: ColumnDetail;
  readonly [valueType]?: V;
}

/** Stands for "the source that is being declared". */
export interface Self {
  readonly self: true;
}

export interface Ref<S, N extends boolean = false, U extends boolean = false> {
  readonly kind: 'ref';
  readonly to: S;
  /** The column of the other source that this one holds the value of. */
  readonly by: string;
  readonly nullable: N;
  readonly unique: U;
  readonly detail: ColumnDetail;
}

export interface List<F> {
  readonly kind: 'list';
  readonly of: F;
  readonly detail: ColumnDetail;
}

export interface Arr<C> {
  readonly kind: 'array';
  readonly item: C;
  readonly detail: ColumnDetail;
}

export type AnyColumn = Column<ColumnKind, unknown, boolean>;
export type AnyRef = Ref<unknown, boolean, boolean>;
export type ColumnDef = AnyColumn | AnyRef | List<unknown> | Arr<unknown>;

/** What a reference may point at. Structural, so that sources which refer to each other do not need each other's type. */
interface Referable {
  readonly name: string;
  readonly columns: unknown;
}

/** The columns that a reference may name instead of the id. */
type KeyColumn<S> = S extends { readonly columns: infer F }
  ? { [P in keyof F & string]: F[P] extends Column<'string' | 'id', string, boolean> ? P : never }[keyof F &
      string]
  : never;

function column<K extends ColumnKind, V>(kind: K, detail: ColumnDetail = {}): Column<K, V> {
  return { kind, nullable: false, detail };
}

/** The aggregate's id: a string of 1 to 128 bytes that does not begin with `_`. With a reference: an id shared with that source. */
export function id(): Column<'id', string>;
export function id<S>(shared: Ref<S, false, boolean>): Ref<S, false, true>;
export function id<S>(shared?: Ref<S, false, boolean>): Column<'id', string> | Ref<S, false, true> {
  return shared === undefined ? column('id') : { ...shared, unique: true };
}

/** Text that is filtered, sorted, faceted and may be searched. */
export const string = (): Column<'string', string> => column('string');
/** Long text that is searched and carried only. */
export const prose = (): Column<'prose', string> => column('prose');
/** A whole number within ±(2^53 − 1). */
export const int = (): Column<'int', number> => column('int');
export const decimal = (): Column<'decimal', number> => column('decimal');
/** A whole number of minor units (cents) of one currency, by its ISO 4217 code. */
export const money = (currency: string): Column<'money', number> => column('money', { currency });
/** A point in time: RFC 3339 with an offset. */
export const instant = (): Column<'instant', string> => column('instant');
/** A calendar day: `2026-05-31`. */
export const day = (): Column<'day', string> => column('day');
export const bool = (): Column<'bool', boolean> => column('bool');
export const geo = (): Column<'geo', { lat: number; lon: number }> => column('geo');
/** Any JSON: carried, never looked into. */
export const json = <J = unknown>(): Column<'json', J> => column('json');

/** One of the given values: strict when publishing, open when receiving. */
export function oneOf<const V extends readonly string[]>(...values: V): Column<'enum', V[number]> {
  return column('enum', { values });
}

/** A list of values, or of references, of one kind. */
export function array<C extends Column<ColumnKind, unknown, false> | Ref<unknown, false, false>>(
  item: C,
): Arr<C> {
  return { kind: 'array', item, detail: {} };
}

/** Items without an identity of their own. They hold values and references, no further lists. */
export function list<F extends object>(of: F): List<F> {
  return { kind: 'list', of, detail: {} };
}

/** The same column, which may also be null. */
export function nullable<K extends ColumnKind, V>(of: Column<K, V, false>): Column<K, V, true>;
export function nullable<S, U extends boolean>(of: Ref<S, false, U>): Ref<S, true, U>;
export function nullable(
  of: Column<ColumnKind, unknown, false> | Ref<unknown, false, boolean>,
): Column<ColumnKind, unknown, true> | Ref<unknown, true, boolean> {
  return { ...of, nullable: true };
}

/** Holds the id of a row of another source. `unique`: at most one row holds the same id. */
export function ref<S extends Referable>(to: S): Ref<S>;
export function ref<S extends Referable>(to: S, options: { readonly unique: true }): Ref<S, false, true>;
/** Holds the value of another unique column of that source. */
export function ref<S extends Referable>(to: S, by: KeyColumn<S>): Ref<S>;
export function ref<S extends Referable>(
  to: S,
  how: { readonly unique: true } | string = 'id',
): Ref<S, false, boolean> {
  const by = typeof how === 'string' ? how : 'id';
  return { kind: 'ref', to, by, nullable: false, unique: typeof how !== 'string', detail: {} };
}

/** Holds the id of another row of the source that is being declared. */
export const self = (): Ref<Self> => ({
  kind: 'ref',
  to: { self: true },
  by: 'id',
  nullable: false,
  unique: false,
  detail: {},
});

type Defaultable = Column<Exclude<ColumnKind, 'geo' | 'json'>, unknown, boolean>;
type DefaultOf<C> = C extends Column<ColumnKind, infer V, boolean> ? V & FilterValue : never;

/** A column that was added later: events from before it count as `value`. */
export function withDefault<C extends Defaultable>(of: C, value: DefaultOf<C>): C {
  return { ...of, detail: { ...of.detail, default: value } };
}

/** A column that was renamed: events that still have the old name are read by it. */
export function was<C extends AnyColumn | AnyRef>(of: C, oldName: string): C {
  return { ...of, detail: { ...of.detail, was: oldName } };
}
