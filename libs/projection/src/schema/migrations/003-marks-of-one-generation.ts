import type { Migration } from './migration.js';

export const marksOfOneGeneration: Migration = {
  name: '003_marks_of_one_generation',
  sql: `
    -- The one generation that the mark is for, which its view's others need no more: a process that lacks a function of
    -- a generation leaves it to another process so. Null is every generation of the view.
    ALTER TABLE mark ADD COLUMN index_name text;
  `,
};
