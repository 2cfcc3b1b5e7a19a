import type { Migration } from './migration.js';

export const confirmedAt: Migration = {
  name: '010_confirmed_at',
  sql: `
    -- When the index last answered that it holds what the hash is of; null where that was before this column.
    ALTER TABLE document ADD COLUMN confirmed_at timestamptz;
  `,
};
