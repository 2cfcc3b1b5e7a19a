import type { ClientBase, Pool } from 'pg';
import { copyTable, keyColumn } from '../schema/names.js';
import type { FanOutKey, FanOutRoute } from './fan-out-route.js';

/**
 * Those of the waiting keys that lead to this root. Its way is gone backwards, from the root to the keys that it is
 * reached by, so that it costs as much as the document has parts, and not what each waiting key has roots.
 */
export async function leadingKeys<K extends { readonly route: FanOutRoute; readonly key: string }>(
  client: ClientBase | Pool,
  rootId: string,
  waiting: readonly K[],
): Promise<readonly K[]> {
  const leading: K[] = [];
  for (const same of Map.groupBy(waiting, ({ route }) => JSON.stringify(route)).values()) {
    const [first] = same;
    if (first === undefined) continue;
    const asked = same.map(({ key }) => key);
    const keys = await keysThatReach(client, first.route, rootId, asked);
    leading.push(...same.filter(({ key }) => keys.has(key)));
  }
  return leading;
}

/** Those of `keys` that a route leads from to the root. */
async function keysThatReach(
  client: ClientBase | Pool,
  { steps }: FanOutRoute,
  rootId: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const backwards = [...steps].reverse();
  const ways = backwards.map(({ source, match, give }, at) => {
    const given = `copy.${keyColumn(match.path)}`;
    return `way_${at + 1} (key) AS MATERIALIZED (
      SELECT DISTINCT found.key
      FROM ${copyTable(source)} AS copy
      CROSS JOIN LATERAL (SELECT ${match.many ? `unnest(${given})` : given} AS key) AS found
      WHERE ${holds(give, `ARRAY(SELECT key FROM way_${at})`)} AND found.key IS NOT NULL
    )`;
  });
  const { rows } = await client.query<{ key: string }>(
    `WITH ${[`way_0 (key) AS (SELECT $1::text)`, ...ways].join(', ')}
     SELECT DISTINCT key FROM way_${backwards.length} WHERE key = ANY($2::text[])`,
    [rootId, keys],
  );
  return new Set(rows.map(({ key }) => key));
}

function holds({ path, many }: FanOutKey, keys: string): string {
  const column = `copy.${keyColumn(path)}`;
  return many ? `${column} && ${keys}` : `${column} = ANY(${keys})`;
}
