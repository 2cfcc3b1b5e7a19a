import type { ClientBase, Pool } from 'pg';
import type { Plan } from '#views';
import type { GenerationState } from './generation.js';

/** The number of a view's next generation; retired ones count, so that an index name is never used twice. */
export async function nextNumber(client: ClientBase | Pool, view: string): Promise<number> {
  const { rows } = await client.query<{ next: number }>(
    'SELECT coalesce(max(number), 0) + 1 AS next FROM generation WHERE view = $1',
    [view],
  );
  return rows[0]?.next ?? 1;
}

export interface NewGeneration {
  readonly plan: Plan;
  readonly number: number;
  readonly indexName: string;
  readonly state: Extract<GenerationState, 'live' | 'building'>;
}

export async function insertGeneration(
  client: ClientBase,
  { plan, number, indexName, state }: NewGeneration,
): Promise<void> {
  await client.query(
    `INSERT INTO generation (view, number, index_name, fingerprint, plan, state) VALUES ($1, $2, $3, $4, $5, $6)`,
    [plan.view, number, indexName, plan.fingerprint, JSON.stringify(plan), state],
  );
}
