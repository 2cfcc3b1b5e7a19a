import type { Migration } from './migration.js';

export const erasure: Migration = {
  name: '011_erasure',
  sql: `
    -- The aggregates that were erased. Their copies know it themselves (copies/row-facts.ts); this is for dead letters,
    -- which have a source and an id and no row to look at.
    CREATE TABLE erasure (
      source       text NOT NULL,
      aggregate_id text NOT NULL,
      erased_at    timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (source, aggregate_id)
    );

    -- A late event of an erased aggregate may be one that can not be applied. That it came is kept, what it said is not,
    -- and nobody is asked to do anything about it. By a trigger, so that a process of the release before keeps to it.
    CREATE FUNCTION prejoin_empty_letter() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    BEGIN
      IF EXISTS (SELECT FROM erasure WHERE source = NEW.source AND aggregate_id = NEW.aggregate_id) THEN
        NEW.body := NULL;
        NEW.reason := 'Its aggregate was erased: what the message said is not kept.';
        NEW.discarded_at := coalesce(NEW.discarded_at, now());
      END IF;
      RETURN NEW;
    END
    $$;
    CREATE TRIGGER prejoin_empty_letter BEFORE INSERT OR UPDATE ON dead_letter
      FOR EACH ROW WHEN (NEW.source IS NOT NULL AND NEW.aggregate_id IS NOT NULL)
      EXECUTE FUNCTION prejoin_empty_letter();
  `,
};
