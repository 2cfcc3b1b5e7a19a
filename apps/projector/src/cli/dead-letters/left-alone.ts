import type { Pool } from 'pg';
import { listDeadLetters, type DeadLetterFilter, type DeadLetterState } from '#projection';

/** The ids of a command line that there is nothing to do for. */
export interface LeftAlone {
  readonly unknown: readonly number[];
  readonly healed: readonly number[];
  readonly discarded: readonly number[];
}

/** Looks the ids of a filter up before anything is done with them; a filter without ids leaves nothing alone. */
export async function findLeftAlone(pool: Pool, { ids = [] }: DeadLetterFilter): Promise<LeftAlone> {
  const letters = await listDeadLetters(pool, { ids }, { limit: ids.length });
  const known = new Map(letters.map(({ id, state }) => [id, state]));
  const those = (state: DeadLetterState): readonly number[] => ids.filter((id) => known.get(id) === state);
  return {
    unknown: ids.filter((id) => !known.has(id)),
    healed: those('healed'),
    discarded: those('discarded'),
  };
}

export function lineOf(what: string, ids: readonly number[]): readonly string[] {
  return ids.length === 0 ? [] : [`${what}: ${ids.join(', ')}.`];
}
