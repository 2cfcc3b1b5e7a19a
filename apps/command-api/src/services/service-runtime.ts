import type pg from 'pg';
import type { DataSource } from 'typeorm';
import { type Logger, messageOf, openPool, sleep } from '#kernel';
import type { Dependency } from '#kernel/http';
import { busNames, connectPublisher, eventTopology, type Publisher } from '#messaging';
import {
  oldestOutboxRow,
  startRelay,
  startResync,
  type Relay,
  type RelayMetrics,
  type RelayState,
  type Resync,
} from '#outbox';
import type { CommandApiConfig } from '../config.js';
import { forgetOldKeys } from '../edge/idempotency.js';
import { connectDataSource } from './data-source.js';
import { refusePendingMigrations } from './migrate-service.js';
import type { ServiceDefinition } from './service-definition.js';

/** Bounds what a stop leaves for closing publisher and pools after the relay. */
const closingMs = 2_000;
const forgetEveryMs = 600_000;

interface Parts {
  readonly definition: ServiceDefinition;
  readonly dataSource: DataSource;
  readonly pool: pg.Pool;
  readonly publisher: Publisher | null;
  readonly relay: Relay | null;
  readonly config: CommandApiConfig;
  readonly logger: Logger;
}

/** One hosted service while it runs: its database, its relay with what is asked of it, and the housekeeping of its idempotency keys. */
export class ServiceRuntime {
  readonly definition: ServiceDefinition;
  /** For commands. */
  readonly dataSource: DataSource;
  readonly logger: Logger;
  readonly #parts: Parts;
  readonly #stopping = new AbortController();
  readonly #housekeeping: Promise<void>;
  readonly #resync: Resync | null;
  #closed: Promise<void> | null = null;

  private constructor(parts: Parts) {
    this.definition = parts.definition;
    this.dataSource = parts.dataSource;
    this.logger = parts.logger;
    this.#parts = parts;
    this.#housekeeping = this.#forgetKeys();
    this.#resync = parts.relay && this.#startResync();
  }

  /** Connects and starts. What was opened is closed again when it can not start. @throws {PrejoinError} */
  static async open(
    definition: ServiceDefinition,
    databaseUrl: string,
    { config, logger, metrics }: { config: CommandApiConfig; logger: Logger; metrics: RelayMetrics },
  ): Promise<ServiceRuntime> {
    const dataSource = await connectDataSource(definition, {
      url: databaseUrl,
      poolSize: config.DATABASE_POOL_SIZE,
      use: 'commands',
      logger,
    });
    try {
      await refusePendingMigrations(definition, dataSource);
    } catch (error) {
      await dataSource.destroy();
      throw error;
    }
    // Apart from the commands' connections: a burst of commands must not make the service look away, or hold events back.
    const pool = openPool({
      connectionString: databaseUrl,
      max: 4,
      connectionTimeoutMillis: 5_000,
      application_name: `prejoin ${definition.name} relay`,
    });
    pool.on('error', (error) =>
      logger.warn(
        { service: definition.name, reason: messageOf(error) },
        'An idle database connection ended',
      ),
    );
    const publisher = config.RELAY === 'on' ? openPublisher(definition, config, logger) : null;
    const relay =
      publisher &&
      startRelay({ pool, publisher, logger: logger.child({ service: definition.name }), metrics });
    return new ServiceRuntime({ definition, dataSource, pool, publisher, relay, config, logger });
  }

  /** Tells the relay that something was committed. */
  wakeRelay(): void {
    this.#parts.relay?.wake();
  }

  /** What this process's relay does; null where another process relays. */
  get relayState(): RelayState | null {
    return this.#parts.relay?.state ?? null;
  }

  /** Seconds that the oldest unsent event has waited, or null. */
  oldestOutboxRow(): Promise<number | null> {
    return oldestOutboxRow(this.#parts.pool);
  }

  /** Its database, and the broker where this process relays. Commands go on without the broker; being ready says more. */
  dependencies(): readonly Dependency[] {
    const { definition, pool, publisher } = this.#parts;
    const database: Dependency = {
      name: `${definition.name} database`,
      check: async () => void (await pool.query('SELECT 1')),
    };
    if (publisher === null) return [database];
    const broker: Dependency = {
      name: `${definition.name} broker`,
      check: async () => {
        await Promise.resolve();
        if (publisher.state !== 'open') throw new Error(`the connection is ${publisher.state}`);
      },
    };
    return [database, broker];
  }

  /** Stops what appends and then the relay, since it uses what is closed after it. Calls share one stop. */
  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    const { relay, publisher, pool, dataSource, config } = this.#parts;
    this.#stopping.abort();
    await this.#resync?.close();
    await relay?.close(Math.max(100, config.SHUTDOWN_TIMEOUT_MS - closingMs));
    await Promise.all([publisher?.close(), this.#housekeeping]);
    await Promise.all([pool.end(), dataSource.destroy()]);
  }

  /** Where events go out, they go out again too: the process that relays also answers requests for that. */
  #startResync(): Resync {
    const { definition, dataSource, config, logger } = this.#parts;
    return startResync({
      dataSource,
      url: config.RABBITMQ_URL,
      busPrefix: config.BUS_PREFIX,
      owner: definition.name,
      sources: definition.publishes,
      logger: logger.child({ service: definition.name }),
      limits: { rows: config.RESYNC_PAGE, outboxRows: config.RESYNC_OUTBOX_ROWS },
      onAppended: () => this.wakeRelay(),
    });
  }

  /** Old keys go in small batches every ten minutes; a fault is said and met again at the next turn. */
  async #forgetKeys(): Promise<void> {
    const { config, logger, definition, dataSource } = this.#parts;
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(forgetEveryMs, signal);
      if (signal.aborted) return;
      try {
        while (
          (await forgetOldKeys(dataSource.manager, config.IDEMPOTENCY_KEY_HOURS)) > 0 &&
          !signal.aborted
        );
      } catch (error) {
        logger.warn({ service: definition.name, err: error }, 'Old idempotency keys could not be deleted');
      }
    }
  }
}

function openPublisher(service: ServiceDefinition, config: CommandApiConfig, logger: Logger): Publisher {
  return connectPublisher({
    url: config.RABBITMQ_URL,
    exchange: busNames(config.BUS_PREFIX).events,
    topology: eventTopology(config.BUS_PREFIX),
    connectionName: `prejoin ${service.name} relay`,
    logger: logger.child({ service: service.name }),
  });
}
