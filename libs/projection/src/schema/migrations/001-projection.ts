import type { Migration } from './migration.js';

export const projection: Migration = {
  name: '001_projection',
  sql: `
    CREATE TABLE mark (
      seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      view        text NOT NULL,
      root_id     text NOT NULL,
      attempts    integer NOT NULL DEFAULT 0,
      due_at      timestamptz NOT NULL DEFAULT now(),
      -- when the event that caused it occurred (null for a scan or a repair): the end-to-end lag is measured from it
      occurred_at timestamptz,
      created_at  timestamptz NOT NULL DEFAULT now()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

    CREATE TABLE fan_out (
      seq         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      -- the route that the key takes to its roots, as JSON: a plan may be gone when the row is looked up
      route       jsonb NOT NULL,
      key         text NOT NULL,
      -- the last root id that was marked; the next chunk begins after it
      cursor      text,
      attempts    integer NOT NULL DEFAULT 0,
      due_at      timestamptz NOT NULL DEFAULT now(),
      occurred_at timestamptz,
      created_at  timestamptz NOT NULL DEFAULT now()
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

    CREATE TABLE generation (
      view        text NOT NULL,
      number      integer NOT NULL,
      index_name  text NOT NULL UNIQUE,
      fingerprint text NOT NULL,
      plan        json NOT NULL,
      state       text NOT NULL CHECK (state IN ('building', 'live', 'previous', 'retired')),
      created_at  timestamptz NOT NULL DEFAULT now(),
      swapped_at  timestamptz,
      -- until when a 'previous' generation is kept current for a rollback
      keep_until  timestamptz,
      -- why builders stopped writing to it (a missing or closed index); null in health
      stopped     text,
      PRIMARY KEY (view, number)
    );
    CREATE UNIQUE INDEX generation_one_live ON generation (view) WHERE state = 'live';
    CREATE UNIQUE INDEX generation_one_building ON generation (view) WHERE state = 'building';

    -- The scan of a rebuild by key range, so that a killed rebuild goes on where it was.
    CREATE TABLE rebuild (
      view         text NOT NULL,
      number       integer NOT NULL,
      holder       text NOT NULL,
      lease_until  timestamptz NOT NULL,
      token        bigint NOT NULL,
      scanned_to   text,
      scanned      bigint NOT NULL DEFAULT 0,
      total        bigint NOT NULL DEFAULT 0,
      phase        text NOT NULL,
      started_at   timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (view, number)
    );

    CREATE TABLE dead_letter (
      id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind         text NOT NULL CHECK (kind IN ('envelope', 'constraint', 'document')),
      reason       text NOT NULL,
      source       text,
      aggregate_id text,
      epoch        bigint,
      version      bigint,
      view         text,
      root_id      text,
      index_name   text,
      -- the message as it came, or the document as it was refused
      body         bytea,
      -- what makes two letters the same one (deadLetterFingerprint): a redelivery must not multiply it
      fingerprint  text NOT NULL UNIQUE,
      created_at   timestamptz NOT NULL DEFAULT now(),
      healed_at    timestamptz
    );
    CREATE INDEX dead_letter_aggregate ON dead_letter (source, aggregate_id) WHERE healed_at IS NULL;
    -- asked for the roots of every build, and all but empty in health
    CREATE INDEX dead_letter_document ON dead_letter (index_name, root_id) WHERE kind = 'document' AND healed_at IS NULL;

    -- The epoch above the revision counter, by the cluster that the counter belongs to (design rule 6).
    CREATE TABLE epoch (
      system_identifier text NOT NULL,
      timeline          integer NOT NULL,
      epoch             bigint NOT NULL,
      PRIMARY KEY (system_identifier, timeline)
    );
  `,
};
