import type { ClientBase, Pool } from 'pg';
import { readGenerations, type Generation } from './generation.js';

/** The generations of a view as they were read last, and by what it is told whether they still are. */
export interface KnownGenerations {
  readonly generations: readonly Generation[];
  readonly signature: string;
}

const remembered = new WeakMap<Pool, Map<string, KnownGenerations>>();

/** The generations of a view as this process read them last; `readAnew` reads them whatever it remembers. */
export async function knownGenerations(
  pool: Pool,
  view: string,
  readAnew: boolean,
): Promise<KnownGenerations> {
  const byView = remembered.get(pool) ?? new Map<string, KnownGenerations>();
  remembered.set(pool, byView);
  const before = readAnew ? undefined : byView.get(view);
  if (before !== undefined) return before;
  const generations = await readGenerations(pool, view);
  const known = { generations, signature: signatureOf(generations) };
  byView.set(view, known);
  return known;
}

/**
 * What may change about the generations of a view, as one text: the plan of an index never does, and is most of what
 * there is to read of it.
 */
export async function readSignature(client: ClientBase, view: string): Promise<string> {
  const { rows } = await client.query<Pick<Generation, 'indexName' | 'state' | 'stopped'>>({
    name: 'generations',
    text: `
      SELECT index_name AS "indexName", state, stopped
      FROM generation
      WHERE state <> 'retired' AND view = $1
      ORDER BY number`,
    values: [view],
  });
  return signatureOf(rows);
}

function signatureOf(generations: readonly Pick<Generation, 'indexName' | 'state' | 'stopped'>[]): string {
  return JSON.stringify(generations.map(({ indexName, state, stopped }) => [indexName, state, stopped]));
}
