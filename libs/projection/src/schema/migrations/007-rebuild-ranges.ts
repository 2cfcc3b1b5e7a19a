import type { Migration } from './migration.js';

export const rebuildRanges: Migration = {
  name: '007_rebuild_ranges',
  sql: `
    ALTER TABLE rebuild
      ADD COLUMN held_since timestamptz NOT NULL DEFAULT now(),
      -- The holder's session, and the token that it has: a holder whose session has ended is gone, though its lease runs.
      ADD COLUMN session_pid integer,
      ADD COLUMN session_start timestamptz,
      ADD COLUMN session_token bigint;

    -- The parts of a rebuild's scan. rebuild.scanned_to is not used any more; a rebuild that the release before has begun
    -- gets ranges of what is above it.
    CREATE TABLE rebuild_range (
      view       text NOT NULL,
      number     integer NOT NULL,
      part       integer NOT NULL,
      -- the roots above it, up to and with to_id; null has no bound
      after_id   text COLLATE "C",
      to_id      text COLLATE "C",
      -- the last root that was built, and every one of the range below it
      scanned_to text COLLATE "C",
      scanned    bigint NOT NULL DEFAULT 0,
      done       boolean NOT NULL DEFAULT false,
      PRIMARY KEY (view, number, part),
      FOREIGN KEY (view, number) REFERENCES rebuild ON DELETE CASCADE
    );
  `,
};
