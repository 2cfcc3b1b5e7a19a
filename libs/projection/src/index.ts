export { applyBatch, type Applied } from './apply/apply-batch.js';
export { applyDeliveries, type ApplyDependencies } from './apply/apply-deliveries.js';
export type { Change } from './apply/change.js';
export type { ReceivedSource } from './apply/read-delivery.js';
export { startProjectorConsumer, type ProjectorConsumerOptions } from './apply/start-projector-consumer.js';
export { ensureCopyTables } from './copies/copy-table.js';
export {
  countDeadLetters,
  emptyLetter,
  healDeadLetters,
  insertDeadLetters,
  listDeadLetters,
  type DeadLetter,
  type StoredDeadLetter,
} from './dead-letters/dead-letters.js';
export { runFanOutChunk, type FanOutOptions, type FanOutResult } from './fan-out/run-fan-out.js';
export { startFanOut, type FanOutWorker, type StartFanOutOptions } from './fan-out/start-fan-out.js';
export { oldestFanOut, oldestMark } from './marks/oldest-mark.js';
export { installTriggers, type InstallOptions } from './marks/triggers.js';
export { noMetrics, type ApplyOutcome, type DeadLetterKind, type ProjectionMetrics } from './metrics.js';
export { migrateProjection } from './schema/migrate.js';
export { copyTable, keyColumn } from './schema/names.js';
export { startBuilder, type Builder, type BuilderOptions } from './build/builder.js';
export { noBuildMetrics, type BuildMetrics } from './build/metrics.js';
export { ensureEpoch, raiseEpoch } from './generations/epoch.js';
export { ensureGenerations, type EnsureOptions } from './generations/ensure.js';
export {
  missingComputes,
  readGenerations,
  type Generation,
  type GenerationState,
} from './generations/generation.js';
export { aliasName } from './generations/names.js';
export { retireExpired, type RetireOptions } from './generations/retire.js';
export { rebuild } from './rebuild/rebuild.js';
export {
  NoGenerationError,
  RebuildCancelledError,
  RebuildInterruptedError,
  RebuildLeaseLostError,
  RebuildNotRunnableError,
  RebuildRunningError,
  RebuildStalledError,
  RebuildVerifyError,
} from './rebuild/errors.js';
export type { RebuildOptions, RebuildPhase, RebuildProgress, RebuildResult } from './rebuild/options.js';
export { currentRevision } from './revision/snapshot.js';
