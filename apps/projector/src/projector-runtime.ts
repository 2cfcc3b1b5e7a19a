import type { Registry } from 'prom-client';
import { messageOf, PrejoinError, sleep, type Logger } from '#kernel';
import type { Dependency } from '#kernel/http';
import type { Consumer } from '#messaging';
import {
  ActivityCounts,
  retireExpired,
  startBuilder,
  startFanOut,
  startHeartbeat,
  startProjectorConsumer,
  type Builder,
  type FanOutWorker,
  type Heartbeat,
} from '#projection';
import type { ProjectorConfig } from './config.js';
import { describeProcess } from './describe-process.js';
import { buildMetrics, observePauses, observeQueues, observeSizes, projectionMetrics } from './metrics.js';
import { openProjection, prepareProjection, type Projection } from './projection.js';
import { receivedSources } from './views.js';

const RETIRE_EVERY_MS = 60_000;

/** The three workers of a projector: events to copies, keys to marks, marks to documents. */
export class ProjectorRuntime {
  readonly #stop = new AbortController();
  readonly #retiring: Promise<void>;
  /** An app that can not listen closes its module, and its starter the runtime. */
  #closed: Promise<void> | null = null;

  private constructor(
    private readonly projection: Projection,
    private readonly pool: ReturnType<Projection['openPool']>,
    private readonly consumer: Consumer,
    private readonly fanOut: FanOutWorker,
    private readonly builder: Builder,
    private readonly heartbeat: Heartbeat,
  ) {
    this.#retiring = this.#retireNowAndThen();
  }

  /** Prepares database and index, and starts the workers. What was opened is closed again when that fails. */
  static async open(config: ProjectorConfig, registry: Registry, logger: Logger): Promise<ProjectorRuntime> {
    const projection = openProjection(config, logger);
    try {
      const pool = projection.openPool(6);
      await prepareProjection(projection, pool);
      return ProjectorRuntime.#start(projection, pool, config, registry);
    } catch (error) {
      await projection.close();
      throw error;
    }
  }

  static #start(
    projection: Projection,
    pool: ReturnType<Projection['openPool']>,
    config: ProjectorConfig,
    registry: Registry,
  ): ProjectorRuntime {
    const { index, logger, declared } = projection;
    const metrics = projectionMetrics(registry);
    observeQueues(registry, pool, logger);
    observePauses(registry, pool, logger);
    const counts = new ActivityCounts();
    const builder = startBuilder({
      // A lane holds one connection for its claim and needs another to read: two pools, so that neither waits for itself.
      // One more than its lanes for views that take long to read, and one to look around.
      claimPool: projection.openPool(config.BUILD_LANES + 1),
      pool: projection.openPool(config.BUILD_LANES + 2),
      index,
      computes: declared.computes,
      batch: config.BUILD_BATCH,
      minBatch: config.BUILD_BATCH_MIN,
      batchBytes: config.BUILD_BATCH_BYTES,
      targetMs: config.BUILD_TARGET_MS,
      restMs: config.HOT_ROOT_REST_MS,
      lanes: config.BUILD_LANES,
      deadlineMs: config.BUILD_DEADLINE_MS,
      logger,
      metrics: counts.observing(buildMetrics(registry)),
    });
    const fanOut = startFanOut({
      pool,
      chunk: config.FAN_OUT_CHUNK,
      listChunk: config.FAN_OUT_LIST_CHUNK,
      backlog: config.FAN_OUT_BACKLOG,
      onMarked: () => builder.wake(),
      logger,
      metrics,
    });
    const consumer = startProjectorConsumer({
      pool,
      url: config.RABBITMQ_URL,
      busPrefix: config.BUS_PREFIX,
      sources: receivedSources(),
      prefetch: config.APPLY_PREFETCH,
      maxBatch: config.APPLY_BATCH,
      minBatch: config.APPLY_BATCH_MIN,
      targetMs: config.APPLY_TARGET_MS,
      logger,
      metrics,
      onApplied: () => {
        fanOut.wake();
        builder.wake();
      },
    });
    observeSizes(registry, consumer, builder);
    const process = describeProcess(declared, config.RELEASE);
    const heartbeat = startHeartbeat({ pool: projection.openPool(1), process, counts, logger });
    return new ProjectorRuntime(projection, pool, consumer, fanOut, builder, heartbeat);
  }

  dependencies(): readonly Dependency[] {
    const { index } = this.projection;
    return [
      { name: 'projection database', check: async () => void (await this.pool.query('SELECT 1')) },
      {
        name: 'elasticsearch',
        check: async () => {
          if (!(await index.healthy()))
            throw new PrejoinError('search_away', 'The index server does not answer.');
        },
      },
      {
        name: 'rabbitmq',
        check: () =>
          this.consumer.state === 'open'
            ? Promise.resolve()
            : Promise.reject(
                new PrejoinError('broker_away', `The connection to the broker is ${this.consumer.state}.`),
              ),
      },
    ];
  }

  /** Along the flow, so that what one worker hands on finds the next one at work; what is left waits in the database. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    await this.consumer.close();
    await this.fanOut.close();
    await this.builder.close();
    await this.heartbeat.close();
    await this.#retiring;
    await this.projection.close();
  }

  async #retireNowAndThen(): Promise<void> {
    const { index, logger } = this.projection;
    while (!this.#stop.signal.aborted) {
      try {
        await retireExpired({ pool: this.pool, index, logger });
      } catch (error) {
        logger.warn({ err: error }, `Old generations could not be retired yet: ${messageOf(error)}`);
      }
      await sleep(RETIRE_EVERY_MS, this.#stop.signal);
    }
  }
}
