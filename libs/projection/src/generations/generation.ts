import type { ClientBase, Pool } from 'pg';
import type { Computes, Plan } from '#views';
import { walkShape } from './walk-shape.js';

export type GenerationState = 'building' | 'live' | 'previous' | 'retired';

/** One index of a view, with the plan that fills it (design rule 8). */
export interface Generation {
  readonly view: string;
  readonly number: number;
  readonly indexName: string;
  readonly fingerprint: string;
  readonly plan: Plan;
  readonly state: GenerationState;
  /** Why builders stopped writing to it; null in health. */
  readonly stopped: string | null;
  readonly keepUntil: Date | null;
}

interface GenerationRow {
  readonly view: string;
  readonly number: number;
  readonly index_name: string;
  readonly fingerprint: string;
  readonly plan: Plan;
  readonly state: GenerationState;
  readonly stopped: string | null;
  readonly keep_until: Date | null;
}

/** All generations that are not retired, of one view or of all, oldest first. */
export async function readGenerations(
  client: ClientBase | Pool,
  view?: string,
): Promise<readonly Generation[]> {
  const { rows } = await client.query<GenerationRow>(
    `SELECT view, number, index_name, fingerprint, plan, state, stopped, keep_until
     FROM generation
     WHERE state <> 'retired' AND ($1::text IS NULL OR view = $1)
     ORDER BY view, number`,
    [view ?? null],
  );
  return rows.map(toGeneration);
}

/** The keys of all functions that a plan needs the process to have. */
export function computeKeysOf(plan: Plan): readonly string[] {
  const keys = new Set<string>();
  walkShape(plan.shape, (node) => {
    if (node.node === 'compute') keys.add(node.key);
  });
  return [...keys];
}

/** The functions that a plan needs and this process lacks: a reason to leave its marks to another process. */
export function missingComputes(plan: Plan, computes: Pick<Computes, 'has'>): readonly string[] {
  return computeKeysOf(plan).filter((key) => !computes.has(key));
}

/** Whether this process can build documents of the generation, and the generation takes them. */
export function isBuildable(generation: Generation, computes: Computes): boolean {
  return generation.stopped === null && missingComputes(generation.plan, computes).length === 0;
}

function toGeneration(row: GenerationRow): Generation {
  return {
    view: row.view,
    number: row.number,
    indexName: row.index_name,
    fingerprint: row.fingerprint,
    plan: row.plan,
    state: row.state,
    stopped: row.stopped,
    keepUntil: row.keep_until,
  };
}
