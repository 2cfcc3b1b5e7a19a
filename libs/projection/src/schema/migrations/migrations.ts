import { projection } from './001-projection.js';
import { fanOutJobs } from './002-fan-out-jobs.js';
import { marksOfOneGeneration } from './003-marks-of-one-generation.js';
import { deadLetterDecisions } from './004-dead-letter-decisions.js';
import { documents } from './005-documents.js';
import { audit } from './006-audit.js';
import { rebuildRanges } from './007-rebuild-ranges.js';
import { activityAndPauses } from './008-activity-and-pauses.js';
import { confirmedAt } from './010-confirmed-at.js';
import { erasure } from './011-erasure.js';
import type { Migration } from './migration.js';

/**
 * The projection database's own tables, as numbered migrations, oldest first. Copies and triggers are not here: they
 * follow from sources and plans (copy-table.ts, triggers.ts).
 */
export const migrations: readonly Migration[] = [
  projection,
  fanOutJobs,
  marksOfOneGeneration,
  deadLetterDecisions,
  documents,
  audit,
  rebuildRanges,
  activityAndPauses,
  confirmedAt,
  erasure,
];
