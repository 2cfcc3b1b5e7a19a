import type { Migration } from './migration.js';

export const deadLetterDecisions: Migration = {
  name: '004_dead_letter_decisions',
  sql: `
    ALTER TABLE dead_letter
      -- when somebody decided that it is not worth a retry; what is healed was not waited for any more
      ADD COLUMN discarded_at timestamptz,
      -- the broker's; a retry needs it to be the same message again (deadLetterFingerprint)
      ADD COLUMN message_id text;
    -- What is open is counted at every scrape of the metrics, and read page by page, among any number of healed ones.
    CREATE INDEX dead_letter_unhealed ON dead_letter (id) INCLUDE (kind) WHERE healed_at IS NULL;
  `,
};
