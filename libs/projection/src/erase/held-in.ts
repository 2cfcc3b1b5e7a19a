import type { Pool, PoolClient } from 'pg';
import { messageOf } from '#kernel';
import { routesOf } from '#views';
import { findRoots } from '../fan-out/look-up.js';
import { readGenerations, type Generation } from '../generations/generation.js';
import { fanOutRoute, type KeyShapes } from '../marks/trigger-sql.js';
import { currentSchema, keyShapes } from '../marks/triggers.js';
import { copyTable, keyColumn } from '../schema/names.js';
import { inTransaction } from '../schema/transaction.js';

/** How many documents of one generation are made with an aggregate, by the copies as they are. */
export interface HeldIn {
  readonly generation: Generation;
  /** At most `mostRoots`; a reason when it could not be found out. */
  readonly documents: number | { readonly unknown: string };
}

/** It is a figure for a receipt: what has to be built again is what the triggers mark. */
export const mostRoots = 100_000;
const TIMEOUT_MS = 30_000;

/**
 * The generations that are not retired of all views that read `source`, each with how many of its documents are made with
 * the aggregate now.
 */
export async function heldIn(pool: Pool, source: string, id: string): Promise<readonly HeldIn[]> {
  const generations = await readGenerations(pool);
  const reading = generations.filter(({ plan }) => plan.levels.some((level) => level.source === source));
  const held: HeldIn[] = [];
  for (const generation of reading)
    held.push({ generation, documents: await count(pool, generation, source, id) });
  return held;
}

async function count(
  pool: Pool,
  { plan }: Generation,
  source: string,
  id: string,
): Promise<HeldIn['documents']> {
  try {
    return await inTransaction(pool, async (client) => {
      await client.query(`SET LOCAL statement_timeout = ${TIMEOUT_MS}`);
      const shapes = await keyShapes(client, await currentSchema(client));
      const roots = new Set<string>();
      for (const route of routesOf(plan).filter((one) => one.source === source)) {
        const keys = await keysOf(client, source, id, route.start, shapes);
        const found =
          route.steps.length === 0
            ? keys
            : await findRoots(client, fanOutRoute(route, shapes), keys, mostRoots);
        for (const root of found) roots.add(root);
      }
      return Math.min(roots.size, mostRoots);
    });
  } catch (error) {
    return { unknown: messageOf(error) };
  }
}

async function keysOf(
  client: PoolClient,
  source: string,
  id: string,
  path: string,
  shapes: KeyShapes,
): Promise<readonly string[]> {
  const column = keyColumn(path);
  const keys = shapes(source, path).many ? column : `ARRAY[${column}]`;
  const { rows } = await client.query<{ keys: (string | null)[] | null }>(
    `SELECT ${keys} AS keys FROM ${copyTable(source)} WHERE id = $1 AND NOT deleted`,
    [id],
  );
  return (rows[0]?.keys ?? []).filter((key) => key !== null);
}
