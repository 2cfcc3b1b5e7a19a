import type { Pool, PoolClient } from 'pg';
import { compile, describe, id, int, list, many, nullable, one, ref, source, view } from '#views';

/**
 * A view over four hops that go both ways: a root points at a `b`, rows of `c` point back at the `b`, each holds `d`s in
 * a list, and rows of `e` point back at the `d`.
 */
const d = source('d', { id: id(), value: int() });
const b = source('b', { id: id(), value: int() });
const c = source('c', { id: id(), bId: nullable(ref(b)), value: int(), items: list({ dId: ref(d) }) });
const e = source('e', { id: id(), dId: nullable(ref(d)), value: int() });
const root = source('root', { id: id(), bId: nullable(ref(b)), value: int() });

export const chainSources = [root, b, c, d, e].map(describe);

export const chain = compile(
  view('chain', root, (r) => ({
    value: r.value,
    b: one(r.bId, (ofB) => ({
      value: ofB.value,
      cs: many(c.bId, { limit: 'unbounded' }, (ofC) => ({
        value: ofC.value,
        items: many(ofC.items, (item) => ({
          d: one(item.dId, (ofD) => ({
            value: ofD.value,
            es: many(e.dId, { limit: 'unbounded' }, (ofE) => ({ value: ofE.value })),
          })),
        })),
      })),
    })),
  })),
);

/**
 * The documents of some roots, by joins over the published states alone: no key columns, no plan, no routes. Every
 * partner is named by its id and version, so that a text is stale if any of it is.
 */
export async function naiveDocuments(
  client: Pool | PoolClient,
  roots: readonly string[] | null,
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await client.query<{ id: string; document: string }>(
    `SELECT r.id, concat_ws(' ', r.id, r.data->>'value', string_agg(concat_ws('/', b.id, b.data->>'value', c.id, c.data->>'value',
              d.id, d.data->>'value', e.id, e.data->>'value'), ' ' ORDER BY b.id, c.id, d.id, e.id)) AS document
     FROM copy_root r
     LEFT JOIN copy_b b ON b.id = r.data->>'bId' AND NOT b.deleted
     LEFT JOIN copy_c c ON c.data->>'bId' = b.id AND NOT c.deleted
     LEFT JOIN LATERAL json_array_elements(c.data->'items') AS item (item) ON true
     LEFT JOIN copy_d d ON d.id = item.item->>'dId' AND NOT d.deleted
     LEFT JOIN copy_e e ON e.data->>'dId' = d.id AND NOT e.deleted
     WHERE NOT r.deleted AND ($1::text[] IS NULL OR r.id = ANY($1))
     GROUP BY r.id, r.data->>'value'`,
    [roots],
  );
  return new Map(rows.map((row) => [row.id, row.document]));
}
