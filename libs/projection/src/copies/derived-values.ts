import { createHash } from 'node:crypto';
import type { ColumnPath, DerivedColumn, Level, Plan, SortKey, ValueKind } from '#views';
import { sqlName, unquotedName } from '../schema/names.js';
import { itemsMember, memberOf, type Member } from './member.js';
import { textLimit } from './value-functions.js';

/** A column that PostgreSQL generates from the state, so that it can filter, sort and roll up by it. */
export interface StoredValue {
  readonly source: string;
  /** As it stands in the catalogue, unquoted. */
  readonly name: string;
  readonly type: string;
  readonly expression: string;
}

export type SqlType = 'text' | 'bigint' | 'numeric' | 'boolean';

/** Every name of such a column begins with this. */
export const storedValuePrefix = 'value_';

interface KindInSql {
  readonly type: SqlType;
  /** The function that reads it from JSON, and what it takes beside that. */
  readonly name: string;
  readonly more?: string;
}
const text: KindInSql = { type: 'text', name: 'prejoin_text', more: `, ${textLimit}` };
const kinds: Readonly<Record<ValueKind, KindInSql>> = {
  id: text,
  string: text,
  prose: text,
  enum: text,
  day: text,
  int: { type: 'bigint', name: 'prejoin_bigint' },
  money: { type: 'bigint', name: 'prejoin_bigint' },
  decimal: { type: 'numeric', name: 'prejoin_numeric' },
  bool: { type: 'boolean', name: 'prejoin_boolean' },
  instant: { type: 'text', name: 'prejoin_instant' },
  // They are counted only, and have no order.
  geo: { type: 'boolean', name: 'prejoin_present' },
  json: { type: 'boolean', name: 'prejoin_present' },
};

export function sqlTypeOf(kind: ValueKind): SqlType {
  return kinds[kind].type;
}

/** The typed value of a member, which is an expression of type json. Texts are compared by byte, as ids are. */
export function typedValue(member: string, { kind, array }: DerivedColumn): string {
  const { type, name, more = '' } = kinds[kind];
  return byByte(type, `${name}${array ? '_array' : ''}(${member}${more})`);
}

function byByte(type: SqlType, value: string): string {
  return type === 'text' ? `(${value} COLLATE "C")` : value;
}

/** A text as it was published, however long it is; for instants the text and not the key that they are ordered by. */
export function wholeText(member: string, { array }: DerivedColumn): string {
  return `(prejoin_text${array ? '_array' : ''}(${member}, NULL) COLLATE "C")`;
}

/** Where the level's rows have a column: in their state, or in the item of a list of it when the path has a dot. */
export function memberIn(level: Level, column: ColumnPath, state: string, item: string): string {
  return memberOf(column.includes('.') ? item : state, memberAt(level, column));
}

function memberAt({ fallbacks }: Level, column: ColumnPath): Member {
  const [top, inItem] = column.split('.') as [string, string?];
  return { ...fallbacks?.find((one) => one.column === column), name: inItem ?? top };
}

/**
 * The column of the copies that holds a derived column of a level: one value, or for a column of list items the values of
 * all items by their position. Its name ends in a hash of all that it is made by: two generations of a view may declare a
 * column with another kind, former name or default, and each reads its own.
 */
export function storedValue(level: Level, derived: DerivedColumn): StoredValue {
  const { type, name, more = '' } = kinds[derived.kind];
  const [list, inItem] = derived.column.split('.') as [string, string?];
  const expression =
    inItem === undefined
      ? typedValue(memberIn(level, derived.column, 'data', ''), derived)
      : byByte(type, `${name}_items(${itemsMember(list, memberAt(level, derived.column))}${more})`);
  return stored(
    level,
    derived.column,
    `${type}${inItem !== undefined || derived.array ? '[]' : ''}`,
    expression,
  );
}

/** An item's own array has no place in an array of all items: it is read from the state. */
export function isStored({ column, array }: DerivedColumn): boolean {
  return column !== 'id' && !(array && column.includes('.'));
}

/** For a level over list items, the keys that the items hold and the positions of these items, side by side. */
export function storedPairs(level: Level): readonly [StoredValue, StoredValue] | null {
  const { link } = level;
  const [list, inItem] = (link?.column.split('.') ?? []) as [string?, string?];
  if (level.derived === undefined || link?.kind !== 'backward' || list === undefined || inItem === undefined)
    return null;
  const items = itemsMember(list, memberAt(level, link.column));
  return [
    stored(level, `${link.column}_keys`, 'text[]', byByte('text', `prejoin_pair_keys(${items})`)),
    stored(level, `${link.column}_at`, 'integer[]', `prejoin_pair_positions(${items})`),
  ];
}

function stored({ source }: Level, what: string, type: string, expression: string): StoredValue {
  const hash = createHash('sha256').update(expression).digest('hex').slice(0, 8);
  return {
    source,
    name: unquotedName(`${storedValuePrefix}${what}_${hash}`),
    type: type.startsWith('text') ? `${type} COLLATE "C"` : type,
    expression,
  };
}

/** Quoted, as SQL names it; the row's own id is a column already. */
export function storedValueName(level: Level, derived: DerivedColumn): string {
  return derived.column === 'id' ? 'id' : sqlName(storedValue(level, derived).name);
}

/** The columns that the copies need for these plans, each once. */
export function storedValuesOf(plans: readonly Pick<Plan, 'levels'>[]): readonly StoredValue[] {
  const values = plans.flatMap((plan) =>
    plan.levels.flatMap((level) => [
      ...(level.derived ?? []).filter(isStored).map((derived) => storedValue(level, derived)),
      ...(storedPairs(level) ?? []),
    ]),
  );
  return [...new Map(values.map((value) => [`${value.source} ${value.name}`, value])).values()];
}

/**
 * The order in which the database picks rows or items of a level: those of its sort, or by value for the least and the
 * greatest. Ties are broken by id. Null when all are taken together.
 */
export function pickOrder({ sort, rollUp }: Level): readonly SortKey[] | null {
  if (rollUp === undefined) {
    // Nothing comes after the id, of which there is one each.
    const id = sort.findIndex(({ column }) => column === 'id');
    return id === -1 ? sort : sort.slice(0, id + 1);
  }
  if (rollUp.value === null || rollUp.value.array || (rollUp.fn !== 'min' && rollUp.fn !== 'max'))
    return null;
  return [{ column: rollUp.value.column, descending: rollUp.fn === 'max' }];
}
