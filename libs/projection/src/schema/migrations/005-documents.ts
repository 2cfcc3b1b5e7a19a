import type { Migration } from './migration.js';

export const documents: Migration = {
  name: '005_documents',
  sql: `
    -- What each index was last sent of each document, or is being sent. Rows are not deleted while the index is there:
    -- a write that is under way must be known to whoever decides next (documents/decide-writes.ts).
    CREATE TABLE document (
      index_name text NOT NULL,
      root_id    text NOT NULL,
      -- of the newest builder that decided about it, whether it sent the document or found it equal
      revision   bigint NOT NULL,
      -- of the document; null where the decision was to delete
      hash       bytea,
      -- whether the index has answered that it holds what the hash is of
      confirmed  boolean NOT NULL,
      PRIMARY KEY (index_name, root_id)
    ) WITH (
      -- A build updates a row twice, in no indexed column: with room in the page that needs no new index entries.
      fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0
    );
  `,
};
