import pg, { type Pool } from 'pg';

/** The tables of a database in which any row holds the text, in any column: as text, in JSON, or in bytes. */
export async function tablesWith(pool: Pool, text: string): Promise<readonly string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class
     WHERE relkind IN ('r', 'p') AND relnamespace NOT IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
       AND NOT starts_with(relname, 'pg_toast')
     ORDER BY relname`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    // Bytes are shown as hexadecimal digits.
    const { rowCount } = await pool.query(
      `SELECT FROM ${pg.escapeIdentifier(name)} AS row
       WHERE position($1 IN row::text) > 0 OR position(encode(convert_to($1, 'UTF8'), 'hex') IN row::text) > 0
       LIMIT 1`,
      [text],
    );
    if (rowCount !== 0) found.push(name);
  }
  return found;
}

/** The documents, as `index/id`, of all indices that begin with the prefix in which the text stands. */
export async function documentsWith(
  elasticsearchUrl: string,
  prefix: string,
  text: string,
): Promise<readonly string[]> {
  await fetch(`${elasticsearchUrl}/${prefix}*/_refresh`, { method: 'POST' });
  const answer = await fetch(`${elasticsearchUrl}/${prefix}*/_search?size=1000`);
  const { hits } = (await answer.json()) as {
    hits: { hits: readonly { _index: string; _id: string; _source: unknown }[] };
  };
  return hits.hits
    .filter(({ _source }) => JSON.stringify(_source).includes(text))
    .map(({ _index, _id }) => `${_index}/${_id}`)
    .sort();
}
