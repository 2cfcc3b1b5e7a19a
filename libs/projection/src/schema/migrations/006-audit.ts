import type { Migration } from './migration.js';

export const audit: Migration = {
  name: '006_audit',
  sql: `
    -- Who did what when from the command line (audit/audit.ts). Written before the work begins, so that a killed command
    -- has its row too: one without ended_at. Names and ids only, no data of aggregates.
    CREATE TABLE audit (
      id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      operator    text NOT NULL,
      host        text NOT NULL,
      process     integer NOT NULL,
      environment text NOT NULL,
      command     text NOT NULL,
      subject     text NOT NULL,
      options     json NOT NULL,
      begun_at    timestamptz NOT NULL DEFAULT now(),
      ended_at    timestamptz,
      -- null while it runs, and for ever after a kill
      outcome     text CHECK (outcome IN ('done', 'failed')),
      detail      text
    );
  `,
};
