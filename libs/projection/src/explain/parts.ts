import type { ClientBase } from 'pg';
import type { DocumentPart, LoadedRows, Plan } from '#views';
import { readRolledRows, type RolledRows } from './rolled-rows.js';
import { readRowFacts, type RowFacts } from './row-facts.js';

/** A part of a document, with what its copies know. */
export interface ExplainedPart extends DocumentPart {
  /** Of the row; of a join without one, of the aggregate that its one key names. Null when none is named. */
  readonly aggregateId: string | null;
  /** The copy of that aggregate, which may be deleted or not match the join's filter; null when there is none. */
  readonly row: RowFacts | null;
  /** Of a roll-up. */
  readonly rolled: (RolledRows & { readonly value: unknown }) | null;
}

/** Reads what the copies know of the parts of one document, in the snapshot that its rows were read from. */
export async function explainParts(
  client: ClientBase,
  plan: Plan,
  parts: readonly DocumentPart[],
  rows: LoadedRows,
): Promise<readonly ExplainedPart[]> {
  const facts = new Map<string, ReadonlyMap<string, RowFacts>>();
  for (const [source, same] of Map.groupBy(parts, (part) => part.source)) {
    const ids = new Set(same.flatMap((part) => rowIdOf(plan, part) ?? []));
    facts.set(source, await readRowFacts(client, source, [...ids]));
  }
  const explained: ExplainedPart[] = [];
  for (const part of parts) {
    const id = rowIdOf(plan, part);
    const row = id === null ? null : (facts.get(part.source)?.get(id) ?? null);
    explained.push({ ...part, aggregateId: id, row, rolled: await rolledOf(client, plan, part, rows) });
  }
  return explained;
}

/** A forward join without a partner held an id that leads to a row which is deleted, filtered out, or not there. */
function rowIdOf(plan: Plan, { id, level, keys, rollUp }: DocumentPart): string | null {
  if (id !== null) return id;
  const link = plan.levels.find((one) => one.id === level)?.link;
  const [key] = keys;
  if (rollUp !== null || link?.kind !== 'forward' || link.by !== undefined || keys.length !== 1) return null;
  return key ?? null;
}

async function rolledOf(
  client: ClientBase,
  plan: Plan,
  { rollUp, level: levelId, keys }: DocumentPart,
  rows: LoadedRows,
): Promise<ExplainedPart['rolled']> {
  const level = plan.levels.find((one) => one.id === levelId);
  const [key] = keys;
  if (rollUp === null || level?.derived === undefined || key === undefined) return null;
  const rolled = (rows.get(levelId) ?? []).find(({ id }) => id === key)?.data['value'] ?? null;
  return { ...(await readRolledRows(client, level, key)), value: rolled };
}
