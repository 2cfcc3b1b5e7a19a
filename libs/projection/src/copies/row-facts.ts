import type { PoolClient } from 'pg';
import { copyTable } from '../schema/names.js';

/**
 * What a copy knows of itself beside its event: when it was applied, and whether its aggregate was erased.
 *
 * Erasure is kept by the table and not by whoever writes: a process of the release before, a repair or a statement by hand
 * can neither bring data back nor remove the row that remembers it. Versions go on, so that what counts or compares them
 * (a resync, the healing of dead letters) sees the newest event and waits for nothing.
 *
 * `applied_at` is set by apply, since a trigger that ran for every row would cost more than the value; the trigger here
 * runs only for writers that do not know the column. Batches of 500 updates were 1 % slower with all of this than without
 * (36 188 rows/s against 36 591, medians of eleven rounds in turn).
 */
export const rowFactFunctions = `
CREATE OR REPLACE FUNCTION prejoin_keep_erased() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.erased_at := coalesce(OLD.erased_at, NEW.erased_at);
  NEW.deleted := true;
  NEW.data := NULL;
  RETURN NEW;
END
$$;

CREATE OR REPLACE FUNCTION prejoin_note_applied() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.applied_at := now();
  RETURN NEW;
END
$$;
`;

/**
 * The statements that give a copy its facts, be it new or from before there were any. Nothing is rewritten: of rows that
 * are there it is not known when they were applied. The default comes in a step of its own, since ADD COLUMN with it would
 * say of every row that it was just now.
 */
export function rowFactsSql(source: string): string {
  const table = copyTable(source);
  return `
ALTER TABLE ${table}
  ADD COLUMN IF NOT EXISTS applied_at timestamptz,
  ADD COLUMN IF NOT EXISTS erased_at timestamptz;
ALTER TABLE ${table} ALTER COLUMN applied_at SET DEFAULT now();

CREATE OR REPLACE TRIGGER prejoin_keep_erased BEFORE UPDATE ON ${table}
  FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL OR NEW.erased_at IS NOT NULL)
  EXECUTE FUNCTION prejoin_keep_erased();

CREATE OR REPLACE TRIGGER prejoin_keep_tombstone BEFORE DELETE ON ${table}
  FOR EACH ROW WHEN (OLD.erased_at IS NOT NULL) EXECUTE FUNCTION prejoin_refuse(
    'the aggregate was erased', 'Its row stays, so that no later event can bring it back.');

CREATE OR REPLACE TRIGGER prejoin_note_applied BEFORE UPDATE ON ${table}
  FOR EACH ROW WHEN (
    NEW.applied_at IS NOT DISTINCT FROM OLD.applied_at AND (NEW.epoch, NEW.version) IS DISTINCT FROM (OLD.epoch, OLD.version)
  ) EXECUTE FUNCTION prejoin_note_applied();
`;
}

/** Gives a copy its facts unless it has them; what has them is not locked. */
export async function ensureRowFacts(client: PoolClient, source: string): Promise<void> {
  const { rows } = await client.query<{ stands: boolean }>(
    `SELECT EXISTS (
       SELECT FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'erased_at' AND NOT attisdropped
     ) AND EXISTS (
       SELECT FROM pg_trigger WHERE tgrelid = $1::regclass AND tgname = 'prejoin_note_applied'
     ) AS stands`,
    [copyTable(source)],
  );
  if (rows[0]?.stands !== true) await client.query(rowFactsSql(source));
}
