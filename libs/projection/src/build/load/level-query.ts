import type { Level } from '#views';
import { pickOrder } from '../../copies/derived-values.js';
import { conditionSql, type Bind } from './condition.js';
import type { ElementsSql } from './elements.js';

/** A statement with its values; the first are the keys. */
export interface LevelQuery {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Makes a statement over `$1`, the keys, and whatever `write` binds. */
export function levelQuery(keys: readonly string[], write: (bind: Bind) => string): LevelQuery {
  const values: unknown[] = [keys];
  const text = write((value) => `$${values.push(value)}`);
  return { text, values };
}

/** Which elements belong to the wanted key and match the level's filter. */
export function whereSql({ where }: Level, elements: ElementsSql, bind: Bind): string {
  const filter = where === null ? '' : ` AND ${conditionSql(where, elements.valueOf, bind)}`;
  return `${elements.belongs}${filter}`;
}

/** As the assembly orders: nulls last both ways, ties by id, then as the items stand. */
export function orderSql(level: Level, { valueOf, place }: ElementsSql): string {
  const sorts = (pickOrder(level) ?? []).map(
    ({ column, descending }) => `${valueOf(column).sql}${descending ? ' DESC NULLS LAST' : ''}`,
  );
  return [...sorts, ...place].join(', ');
}
