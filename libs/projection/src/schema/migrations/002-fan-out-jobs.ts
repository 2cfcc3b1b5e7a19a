import type { Migration } from './migration.js';

export const fanOutJobs: Migration = {
  name: '002_fan_out_jobs',
  sql: `
    -- 0 direct: a change of the document's own rows, or one that few documents share; 1 bulk: part of a wide change, a
    -- scan or a repair. Direct marks do not wait behind bulk ones (marks/priority.ts).
    ALTER TABLE mark ADD COLUMN priority smallint NOT NULL DEFAULT 0;
    CREATE INDEX mark_priority ON mark (priority, seq);
    -- Not UNIQUE, and never asked before an insert: a mark that looks like a duplicate may be claimed already.
    CREATE INDEX mark_bulk_root ON mark (view, root_id) WHERE priority = 1;

    -- A key with more roots than one look-up marks. fan_out.cursor is not used any more; a process of the release before
    -- may still write it, and its row is then looked up from the start.
    CREATE TABLE fan_out_job (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      route       jsonb NOT NULL,
      key         text NOT NULL,
      -- the last root id that was marked; ids are a circle, and the empty text is its start
      cursor      text NOT NULL DEFAULT '',
      -- where on the circle it ends; null is where the ids end
      until       text,
      attempts    integer NOT NULL DEFAULT 0,
      due_at      timestamptz NOT NULL DEFAULT now(),
      occurred_at timestamptz,
      created_at  timestamptz NOT NULL DEFAULT now(),
      -- null until its first chunk, which also counts its roots
      started_at  timestamptz,
      done        bigint NOT NULL DEFAULT 0,
      -- null when it is not counted yet, or could not be in time
      total       bigint
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
    CREATE INDEX fan_out_job_key ON fan_out_job (key);
  `,
};
