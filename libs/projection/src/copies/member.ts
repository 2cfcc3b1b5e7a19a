import pg from 'pg';
import type { FilterValue } from '#views';

/** A column of a state, with what stands for it in older events. */
export interface Member {
  readonly name: string;
  readonly was?: string;
  readonly default?: FilterValue;
}

/**
 * The column by its name, else by the name that it had before, else its default. `state` is an expression of type json;
 * where it is null (a deleted row has no state), nothing stands in for the column.
 */
export function memberOf(state: string, member: Member): string {
  const found = [`${state} -> ${pg.escapeLiteral(member.name)}`];
  if (member.was !== undefined) found.push(`${state} -> ${pg.escapeLiteral(member.was)}`);
  if (member.default !== undefined) {
    found.push(
      `CASE WHEN ${state} IS NOT NULL THEN ${pg.escapeLiteral(JSON.stringify(member.default))}::json END`,
    );
  }
  return found.length === 1 ? `(${found[0]})` : `coalesce(${found.join(', ')})`;
}

/** A column of a list's items, as the arguments of the functions that read all items: list, names, default. */
export function itemsMember(list: string, { name, was, default: fallback }: Member): string {
  const names = [name, ...(was === undefined ? [] : [was])].map((one) => pg.escapeLiteral(one)).join(', ');
  const otherwise = fallback === undefined ? 'NULL' : pg.escapeLiteral(JSON.stringify(fallback));
  return `data -> ${pg.escapeLiteral(list)}, ARRAY[${names}], ${otherwise}`;
}
