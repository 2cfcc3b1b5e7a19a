import { matches } from '../filter/matches.js';
import type { Plan } from '../plan/plan.js';
import { absent, DocumentFault, levelOf, type Batch } from './batch.js';
import { partnersByLevel, valueAt } from './partners.js';
import type { Assembled, AssembledText, Computes, Json, LoadedRow, LoadedRows } from './rows.js';
import { writerOf } from './writers.js';

/**
 * The documents of `rootIds` as JSON text, in that order, from the rows that a snapshot held. Pure: the same rows give
 * the same bytes, in whatever order they were loaded.
 *
 * Missing partners are null (`one`) or left out (`many`); sorts put nulls last and break ties by id.
 * @throws {ComputeMissingError} when the plan needs a function that `computes` lacks
 */
export function assembleText(
  plan: Plan,
  rootIds: readonly string[],
  rows: LoadedRows,
  computes: Computes,
): readonly AssembledText[] {
  const batch: Batch = { plan, partners: partnersByLevel(plan, rows), computes };
  const write = documentWriter(batch);
  const roots = new Map((rows.get('') ?? []).map((row) => [row.id, row]));
  return rootIds.map((id) => write(id, roots.get(id)));
}

/** As `assembleText`, with the documents as values. */
export function assemble(
  plan: Plan,
  rootIds: readonly string[],
  rows: LoadedRows,
  computes: Computes,
): readonly Assembled[] {
  return assembleText(plan, rootIds, rows, computes).map((made) => {
    if ('fault' in made) return made;
    const { id, body } = made;
    return { id, document: body === null ? null : (JSON.parse(body) as { readonly [name: string]: Json }) };
  });
}

function documentWriter(batch: Batch): (id: string, row: LoadedRow | undefined) => AssembledText {
  const { where, shape } = batch.plan;
  const level = levelOf(batch, '');
  const write = writerOf(batch, shape);
  return (id, row) => {
    if (row === undefined || !matches(where, (field) => valueAt(row, field, level.read)))
      return { id, body: null };
    try {
      const made = write({ level, row, item: null, list: null });
      return { id, body: made === absent ? null : made };
    } catch (thrown) {
      if (thrown instanceof DocumentFault) return { id, fault: thrown.message };
      throw thrown;
    }
  };
}
