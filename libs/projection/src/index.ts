export { ActivityCounts, type ViewCounts } from './activity/activity-counts.js';
export { startHeartbeat, type Heartbeat, type HeartbeatOptions } from './activity/heartbeat.js';
export { readProcesses, type ProcessDescription, type ProjectorProcess } from './activity/processes.js';
export { readActivity, type ViewActivity } from './activity/view-activity.js';
export { applyBatch, type Applied } from './apply/apply-batch.js';
export { applyDeliveries, type ApplyDependencies } from './apply/apply-deliveries.js';
export type { Change } from './apply/change.js';
export type { ReceivedSource } from './apply/read-delivery.js';
export { startProjectorConsumer, type ProjectorConsumerOptions } from './apply/start-projector-consumer.js';
export { ensureCopyTables } from './copies/copy-table.js';
export { audited, readAudit, type AuditEntry, type AuditRecord, type Operator } from './audit/audit.js';
export {
  countCopies,
  countUnchanged,
  highestEpoch,
  pageOfCopies,
  type CopiedVersion,
} from './copies/survey.js';
export { countDeadLetters } from './dead-letters/dead-letters.js';
export { discardDeadLetters, type DiscardOptions } from './dead-letters/discard.js';
export {
  listDeadLetters,
  measureDeadLetters,
  readDeadLetter,
  refreshStatistics,
  type DeadLetterFilter,
  type DeadLetterState,
  type ListedDeadLetter,
  type StoredDeadLetter,
} from './dead-letters/list.js';
export { retryDeadLetters, type RetryOptions, type RetryResult } from './dead-letters/retry.js';
export { runFanOutChunk, type FanOutOptions, type FanOutResult } from './fan-out/run-fan-out.js';
export { estimateFanOut, type EstimateOptions, type PathEstimate } from './fan-out/estimate.js';
export { startFanOut, type FanOutWorker, type StartFanOutOptions } from './fan-out/start-fan-out.js';
export {
  countFanOutJobs,
  readFanOutJobs,
  type FanOutJob,
  type FanOutJobCount,
} from './fan-out/running-jobs.js';
export {
  countMarks,
  countMarksByGeneration,
  oldestFanOut,
  oldestMark,
  waitingMarks,
  type WaitingMarks,
} from './marks/waiting.js';
export { lockFiles, type Committed, type DeclaredDomain, type LockFile } from './locks/lock-files.js';
export { installTriggers, type InstallOptions } from './marks/triggers.js';
export { inspectTriggers, type TriggerFaults } from './marks/inspect-triggers.js';
export { noMetrics, type ApplyOutcome, type DeadLetterKind, type ProjectionMetrics } from './metrics.js';
export { ViewPausedError } from './pause/view-paused-error.js';
export { pause, pauseKey, readPauses, resume, type Pausable, type Pause } from './pause/pauses.js';
export { migrateProjection, missingMigrations } from './schema/migrate.js';
export { copyTable, keyColumn } from './schema/names.js';
export type { BuildContext } from './build/build-roots.js';
export { startBuilder, type Builder, type BuilderOptions } from './build/builder.js';
export { noBuildMetrics, type BuildMetrics } from './build/metrics.js';
export { ensureEpoch, raiseEpoch } from './generations/epoch.js';
export { dropView } from './generations/drop-view.js';
export { ensureGenerations, type EnsureOptions } from './generations/ensure.js';
export {
  missingComputes,
  readGenerations,
  type Generation,
  type GenerationState,
} from './generations/generation.js';
export { aliasName } from './generations/names.js';
export { retireExpired, type RetireOptions } from './generations/retire.js';
export { rebuildDocuments, type BuiltDocument } from './rebuild/documents.js';
export {
  GenerationUnreadableError,
  NoGenerationError,
  NoPreviousGenerationError,
  NothingToSwapError,
  RebuildCancelledError,
  RebuildInterruptedError,
  RebuildLeaseLostError,
  RebuildNotRunnableError,
  RebuildRunningError,
  RebuildStalledError,
  RebuildVerifyError,
  RebuildWaitingError,
  RollbackCancelledError,
  RollbackRefusedError,
  SwapCancelledError,
  SwapRefusedError,
  type Refusal,
} from './rebuild/errors.js';
export {
  cancelFanOutJob,
  cancelRebuild,
  NoSuchJobError,
  readRebuilds,
  type RebuildJob,
} from './rebuild/jobs.js';
export { rebuild, swapView, type SwapViewOptions } from './rebuild/rebuild.js';
export { rollbackView, type RollbackOptions, type RollbackResult } from './rebuild/rollback.js';
export type { RebuildOptions, RebuildPhase, RebuildProgress, RebuildResult } from './rebuild/options.js';
export { WORKERS as scanWorkers } from './rebuild/scan.js';
export { currentRevision } from './revision/snapshot.js';
export {
  eraseAggregate,
  findTraces,
  type EraseOptions,
  type ErasedTraces,
  type Left,
  type Traces,
} from './erase/erase-aggregate.js';
export type { HeldIn } from './erase/held-in.js';
export { InclusionWatch, type AskedInclusion, type Inclusion } from './freshness/inclusion.js';
export { lagOf, viewLag, type ViewLag } from './freshness/view-lag.js';
export {
  verifyDocuments,
  type Counted,
  type Verdict,
  type Verified,
  type VerifyOptions,
  type VerifyProgress,
} from './verify/verify-documents.js';
export { differenceKinds, type Difference, type DifferenceKind, type Refused } from './verify/difference.js';
export { GenerationUnknownError, VerifyNotRunnableError } from './verify/errors.js';
export { pickGeneration } from './verify/pick-generation.js';
export { settle, type Settled } from './verify/settle.js';
export {
  repairDocuments,
  type LeftAlone,
  type Repaired,
  type RepairOptions,
} from './repair/repair-documents.js';
export { proposeRepairs, type Proposal } from './repair/propose.js';
export { GenerationStoppedError } from './repair/errors.js';
export { explainDocument } from './explain/explain-document.js';
export type { ExplainedPart } from './explain/parts.js';
export type {
  Absence,
  Expected,
  Explanation,
  ExplainOptions,
  Indexed,
  Known,
} from './explain/explanation.js';
export type { RowFacts } from './explain/row-facts.js';
export type { WaitingKey, WaitingMark } from './explain/waiting-for.js';
export { diffView, type DiffOptions, type ViewDiff } from './diff/diff-view.js';
export type { Choice } from './diff/sample-roots.js';
export type { ChangedDocuments, ChangedField, Example } from './diff/tally.js';
export { lookAt } from './verify-sources/compare.js';
export { forgetVersions } from './verify-sources/forget-versions.js';
export {
  judge,
  sourceDifferenceKinds,
  type Look,
  type SourceDifferenceKind,
} from './verify-sources/judge.js';
export type { ServiceSide } from './verify-sources/service-side.js';
export type { SourceDifference } from './verify-sources/settle.js';
export { verifySource, type VerifiedSource } from './verify-sources/verify-source.js';
