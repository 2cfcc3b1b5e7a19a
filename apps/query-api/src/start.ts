import { createLogger, systemClock, type Logger } from '#kernel';
import { bootstrapApp, type RunningApp } from '#kernel/http';
import { views } from '#commerce';
import { createReader } from '#query';
import { QueryModule, queryStatuses } from '#query/http';
import { elasticsearchIndex, SearchUnavailableError, type SearchIndex } from '#search';
import { compile } from '#views';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { Registry } from 'prom-client';
import type { QueryApiConfig } from './config.js';

const INDEX = Symbol('search index');

@Module({})
class QueryApiModule implements OnApplicationShutdown {
  constructor(@Inject(INDEX) private readonly index: SearchIndex) {}

  static of(config: QueryApiConfig, index: SearchIndex, logger: Logger): DynamicModule {
    const reader = createReader({
      index,
      indexPrefix: config.INDEX_PREFIX,
      cursorSecret: config.CURSOR_SECRET ?? ownSecret(logger),
      clock: systemClock,
      deadlineMs: config.SEARCH_TIMEOUT_MS,
    });
    const corsOrigins = config.CORS_ORIGINS.split(',').map((origin) => origin.trim());
    return {
      module: QueryApiModule,
      imports: [QueryModule.forViews({ plans: views.map((view) => compile(view)), reader, corsOrigins })],
      providers: [{ provide: INDEX, useValue: index }],
    };
  }

  onApplicationShutdown(): Promise<void> {
    return this.index.close();
  }
}

export interface StartOptions {
  /** As `bootstrapApp` has it. */
  readonly signals?: 'on' | 'off';
}

/** Starts the query API over the views of the commerce domain. A search server that is away does not stop it. */
export async function startQueryApi(config: QueryApiConfig, options: StartOptions = {}): Promise<RunningApp> {
  const logger = createLogger('query-api', config.LOG_LEVEL);
  const index = elasticsearchIndex({
    node: config.ELASTICSEARCH_URL,
    logger,
    requestTimeoutMs: config.SEARCH_TIMEOUT_MS,
  });
  return bootstrapApp({
    module: QueryApiModule.of(config, index, logger),
    port: config.QUERY_API_PORT,
    host: config.HOST,
    logger,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    registry: new Registry(),
    openapi: {
      title: 'Prejoin query API',
      description: 'Search, list and get of documents that were joined when they were written.',
      version: '1',
    },
    dependencies: () => [{ name: 'elasticsearch', check: () => checkIndex(index) }],
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
