import { createLogger, gatheredLines, systemClock, type Logger } from '#kernel';
import { bootstrapApp, type RunningApp } from '#kernel/http';
import { views as declared } from '#domains';
import { createReader, servedView, type ServedView } from '#query';
import { querySchemas, QueryModule, queryStatuses, type GuardResolver } from '#query/http';
import { elasticsearchIndex, SearchUnavailableError, type SearchIndex } from '#search';
import { compile, type AnyView } from '#views';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import type { QueryApiConfig } from './config.js';
import { readingMetrics } from './metrics.js';
import { projectionDatabase, type ProjectionDatabase } from './projection-database.js';

const SERVERS = Symbol('servers that are read');

/** What answers are made from. */
interface Servers {
  readonly index: SearchIndex;
  readonly projection: ProjectionDatabase | null;
}

@Module({})
class QueryApiModule implements OnApplicationShutdown {
  constructor(@Inject(SERVERS) private readonly servers: Servers) {}

  static of(
    config: QueryApiConfig,
    served: readonly ServedView[],
    servers: Servers,
    logger: Logger,
    guard: GuardResolver | undefined,
  ): DynamicModule {
    const { index, projection } = servers;
    const reader = createReader({
      index,
      indexPrefix: config.INDEX_PREFIX,
      cursorSecret: config.CURSOR_SECRET ?? ownSecret(logger),
      clock: systemClock,
      deadlineMs: config.SEARCH_TIMEOUT_MS,
      mostSnapshots: config.MAX_SNAPSHOTS,
      ...(projection === null ? {} : { freshness: projection.freshness }),
      logger,
    });
    const corsOrigins = config.CORS_ORIGINS.split(',').map((origin) => origin.trim());
    return {
      module: QueryApiModule,
      imports: [QueryModule.forViews({ views: served, reader, corsOrigins, guard })],
      providers: [{ provide: SERVERS, useValue: servers }],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.servers.index.close();
    await this.servers.projection?.close();
  }
}

export interface StartOptions {
  /** As `bootstrapApp` has it. */
  readonly signals?: 'on' | 'off';
  /** Other views than those of the domains. */
  readonly views?: readonly AnyView[];
  /** Says whose documents a caller may see; required when a view is guarded. */
  readonly guard?: GuardResolver;
}

/** Starts the query API over the views of all domains. Servers that are away do not stop it. */
export async function startQueryApi(
  config: QueryApiConfig,
  { views = declared, guard, ...options }: StartOptions = {},
): Promise<RunningApp> {
  const served = views.map((view) => servedView(compile(view), view.options));
  const logger = createLogger('query-api', config.LOG_LEVEL, gatheredLines());
  const registry = new Registry();
  const index = elasticsearchIndex({
    node: config.ELASTICSEARCH_URL,
    logger,
    requestTimeoutMs: config.SEARCH_TIMEOUT_MS,
    reading: readingMetrics(registry),
  });
  const projection =
    config.PROJECTION_DATABASE_URL === null
      ? null
      : projectionDatabase(config.PROJECTION_DATABASE_URL, logger, registry);
  return bootstrapApp({
    module: QueryApiModule.of(config, served, { index, projection }, logger, guard),
    port: config.QUERY_API_PORT,
    host: config.HOST,
    logger,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    registry,
    openapi: {
      title: 'Prejoin query API',
      description: 'Search, list and get of documents that were joined when they were written.',
      version: '1',
      schemas: querySchemas(served),
    },
    dependencies: () => [
      { name: 'elasticsearch', check: () => checkIndex(index) },
      ...(projection === null
        ? []
        : [{ name: 'projection', optional: true as const, check: () => projection.check() }]),
    ],
    statusOfCode: queryStatuses,
    ...options,
  });
}

async function checkIndex(index: SearchIndex): Promise<void> {
  if (!(await index.healthy())) throw new SearchUnavailableError('it does not answer.');
}

function ownSecret(logger: Logger): string {
  logger.warn('CURSOR_SECRET is not set: cursors end with this process, and other query APIs refuse them.');
  return randomBytes(32).toString('base64url');
}
