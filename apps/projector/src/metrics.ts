import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import type { Consumer } from '#messaging';
import {
  countDeadLetters,
  countFanOutJobs,
  oldestFanOut,
  oldestMark,
  pauseKey,
  readPauses,
  type Builder,
  type BuildMetrics,
  type DeadLetterKind,
  type FanOutJobCount,
  type ProjectionMetrics,
} from '#projection';

/** A document that is refused is counted among the documents. */
const eventLetters = ['envelope', 'constraint'] as const satisfies readonly DeadLetterKind[];
const alarmKinds = [
  'revision_ahead',
  'write_refused_by_server',
  'generation_stopped',
  'build_failed',
] as const satisfies readonly Parameters<BuildMetrics['alarm']>[0][];

/** The counters of the write half: from events to marks. */
export function projectionMetrics(registry: Registry): ProjectionMetrics {
  const registers = [registry];
  const events = new Counter({
    name: 'prejoin_projector_events_total',
    help: 'Events by what became of them; conflicting: a known version came with other data.',
    labelNames: ['source', 'outcome'],
    registers,
  });
  const deadLetters = new Counter({
    name: 'prejoin_projector_dead_lettered_total',
    help: 'Events that could not be applied.',
    labelNames: ['kind'],
    registers,
  });
  // A counter that begins at nought is seen to rise by its first case; one that appears with it is not.
  for (const kind of eventLetters) deadLetters.inc({ kind }, 0);
  const unknownValues = new Counter({
    name: 'prejoin_projector_unknown_enum_values_total',
    help: 'Values that a source does not declare; they are indexed as they came.',
    labelNames: ['source'],
    registers,
  });
  const repeated = new Counter({
    name: 'prejoin_projector_transactions_repeated_total',
    help: 'Transactions that were repeated after a deadlock or a serialization failure, by SQLSTATE.',
    labelNames: ['code'],
    registers,
  });
  const fanOut = new Counter({
    name: 'prejoin_projector_fan_out_total',
    help: 'Fan-out rows looked up, marks that they gave, and rows put back after a fault.',
    labelNames: ['what'],
    registers,
  });
  return {
    applied: (source, outcome, count) => events.inc({ source, outcome }, count),
    deadLettered: (kind, count) => deadLetters.inc({ kind }, count),
    unknownEnumValues: (source, count) => unknownValues.inc({ source }, count),
    retried: (code) => repeated.inc({ code }),
    fannedOut: (rows, marks, failed) => {
      fanOut.inc({ what: 'rows' }, rows);
      fanOut.inc({ what: 'marks' }, marks);
      fanOut.inc({ what: 'failed' }, failed);
    },
  };
}

/** The counters of the build half: from marks to documents. */
export function buildMetrics(registry: Registry): BuildMetrics {
  const registers = [registry];
  const documents = new Counter({
    name: 'prejoin_projector_documents_total',
    help: 'Documents built, and what became of their writes; superseded: a newer revision was there (a conflict).',
    labelNames: ['view', 'result'],
    registers,
  });
  const lag = new Histogram({
    name: 'prejoin_projector_lag_seconds',
    help: 'From the moment that an event occurred to the answer of the index that has its document.',
    labelNames: ['view'],
    buckets: [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300, 1_800],
    registers,
  });
  const alarms = new Counter({
    name: 'prejoin_projector_alarms_total',
    help: 'What must not happen in health; the log has the reason of each.',
    labelNames: ['alarm'],
    registers,
  });
  for (const alarm of alarmKinds) alarms.inc({ alarm }, 0);
  return {
    documents: (view, result, count) => documents.inc({ view, result }, count),
    lag: (view, seconds) => lag.observe({ view }, seconds),
    alarm: (alarm) => alarms.inc({ alarm }),
  };
}

/** What is asked of the database at every scrape; a gauge has no value where the database does not answer. */
export function observeQueues(registry: Registry, pool: Pool, logger: Logger): void {
  const age = (name: string, help: string, oldest: (pool: Pool) => Promise<number | null>): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        try {
          this.set((await oldest(pool)) ?? 0);
        } catch (error) {
          this.reset();
          logger.warn({ metric: name, err: error }, 'A queue could not be measured');
        }
      },
    });
  };
  age(
    'prejoin_projector_oldest_mark_seconds',
    'How long the oldest mark has waited; 0 when none waits.',
    oldestMark,
  );
  age(
    'prejoin_projector_oldest_fan_out_seconds',
    'How long the oldest fan-out row has waited; 0 when none waits.',
    oldestFanOut,
  );
  observeJobs(registry, pool, logger);
  new Gauge({
    name: 'prejoin_projector_dead_letters_open',
    help: 'Dead letters that nothing has healed.',
    labelNames: ['kind'],
    registers: [registry],
    async collect() {
      try {
        for (const [kind, count] of Object.entries(await countDeadLetters(pool))) this.set({ kind }, count);
      } catch (error) {
        this.reset();
        logger.warn({ err: error }, 'The dead letters could not be counted');
      }
    },
  });
}

/** What operators paused: it is no fault, so health stays as it is, and whoever looks for the lag finds it here. */
export function observePauses(registry: Registry, pool: Pool, logger: Logger): void {
  new Gauge({
    name: 'prejoin_projector_paused',
    help: '1 for each view, and the fan-out, whose work an operator paused.',
    labelNames: ['what'],
    registers: [registry],
    async collect() {
      // What was resumed is not in what is read.
      this.reset();
      try {
        for (const { what } of await readPauses(pool)) this.set({ what: pauseKey(what) }, 1);
      } catch (error) {
        logger.warn({ err: error }, 'The pauses could not be read');
      }
    },
  });
}

/** Wide changes that are being marked, by view; the keys are in `prejoin status`, since any number of them is possible. */
function observeJobs(registry: Registry, pool: Pool, logger: Logger): void {
  const gauge = (name: string, help: string, value: (jobs: FanOutJobCount) => number): void => {
    new Gauge({
      name,
      help,
      labelNames: ['view'],
      registers: [registry],
      async collect() {
        // A view that has no jobs any more is not in what is read.
        this.reset();
        try {
          for (const jobs of await countFanOutJobs(pool)) this.set({ view: jobs.view }, value(jobs));
        } catch (error) {
          logger.warn({ metric: name, err: error }, 'The fan-out jobs could not be counted');
        }
      },
    });
  };
  gauge(
    'prejoin_projector_fan_out_jobs',
    'Changed keys whose many roots are marked chunk by chunk.',
    ({ jobs }) => jobs,
  );
  gauge(
    'prejoin_projector_fan_out_job_roots_done',
    'Roots that the running jobs have marked.',
    ({ done }) => done,
  );
  gauge(
    'prejoin_projector_fan_out_job_roots',
    'Roots that the running jobs mark in all, as far as they were counted.',
    ({ total }) => total,
  );
}

/** The sizes that follow what the servers take. */
export function observeSizes(registry: Registry, consumer: Consumer, builder: Builder): void {
  const size = (name: string, help: string, current: () => number): void => {
    new Gauge({
      name: `prejoin_projector_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(current());
      },
    });
  };
  size('apply_batch', 'The most events of a batch at present.', () => consumer.size.maxBatch);
  size('apply_prefetch', 'The most events that are fetched at present.', () => consumer.size.prefetch);
  size('build_batch', 'The most documents of a claim at present.', () => builder.batch);
}
