import type { Migration } from './migration.js';

export const activityAndPauses: Migration = {
  name: '008_activity_and_pauses',
  sql: `
    -- The projectors that run: each says every few seconds that it is there, and takes its row away when it stops.
    CREATE TABLE process (
      id           text PRIMARY KEY,
      role         text NOT NULL,
      host         text NOT NULL,
      pid          integer NOT NULL,
      release      text NOT NULL,
      -- of the plans that its code declares, by view
      fingerprints json NOT NULL,
      -- the keys of the compute functions that it has
      computes     text[] NOT NULL,
      started_at   timestamptz NOT NULL DEFAULT now(),
      seen_at      timestamptz NOT NULL DEFAULT now()
    ) WITH (
      -- A beat changes no indexed column: with room in the page it needs no new index entry.
      fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000
    );

    -- What processes built, one row for each view and beat; kept for a quarter of an hour.
    CREATE TABLE activity (
      seq       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      process   text NOT NULL,
      view      text NOT NULL,
      at        timestamptz NOT NULL DEFAULT now(),
      documents integer NOT NULL,
      -- how many documents had a lag within each bucket (activity/lag-histogram.ts), up to the last that has any
      lags      integer[] NOT NULL
    ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
    CREATE INDEX activity_at ON activity (at);

    -- What an operator stopped until it is resumed: 'fan-out', or 'view:' and a view's name.
    CREATE TABLE pause (
      what   text PRIMARY KEY,
      since  timestamptz NOT NULL DEFAULT now(),
      by     text NOT NULL,
      reason text
    );
  `,
};
