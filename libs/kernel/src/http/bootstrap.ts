import type { DynamicModule, INestApplicationContext, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { collectDefaultMetrics, type Registry } from 'prom-client';
import { PrejoinError } from '../errors.js';
import type { Logger } from '../logging.js';
import { answerClientErrors } from './client-error.js';
import { readinessProbe, type Dependency } from './health.js';
import { nestLogger } from './nest-logger.js';
import { serveOpenApi, type OpenApiOptions } from './openapi.js';
import type { StatusOfCode } from './problem.js';
import { ProblemFilter } from './problem.filter.js';
import { observeRequests, requestIdOf, traceRequests } from './requests.js';
import { closeConnectionsWhenStopping, drainAndClose, onFirstSignal, type StopOutcome } from './shutdown.js';
import { RequestValidationPipe } from './validation.js';

export interface AppOptions {
  readonly module: Type | DynamicModule;
  /** 0 takes a free one; see `RunningApp.url`. */
  readonly port: number;
  readonly host: string;
  readonly logger: Logger;
  /** How long a stop may take, in milliseconds, before what still runs is cut off. */
  readonly shutdownTimeoutMs: number;
  readonly openapi: OpenApiOptions;
  /** The app's metrics; process metrics and request durations are added to it. */
  readonly registry: Registry;
  /** What /health/ready asks; a function, since most checks need what the module made. */
  readonly dependencies: (app: INestApplicationContext) => readonly Dependency[];
  /** The HTTP status of the codes of PrejoinErrors that are the caller's doing; all others answer 500. */
  readonly statusOfCode?: StatusOfCode;
  /** `on` (default): the first SIGTERM or SIGINT stops the app. Tests with several apps in one process say `off`. */
  readonly signals?: 'on' | 'off';
}

export interface RunningApp {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly openapi: OpenAPIObject;
  /** Stops taking requests, lets the running ones end, closes the module in Nest's order. Calls share one stop. */
  stop(): Promise<StopOutcome>;
  /** Resolves when a stop, by a call or a signal, has ended. */
  readonly stopped: Promise<StopOutcome>;
}

const bodyLimit = 256 * 1024;

/**
 * Makes an app of `module` and listens: problem+json, validation, traces, logs, /health/live, /health/ready, /metrics,
 * /docs, /docs-json, graceful stop. Close what the module holds in `onApplicationShutdown` or `beforeApplicationShutdown`:
 * both run after the last request has its answer.
 * @throws {PrejoinError} `listen_failed` when the address can not be had; what was made is closed then
 */
export async function bootstrapApp(options: AppOptions): Promise<RunningApp> {
  const { logger, registry } = options;
  const problems = new ProblemFilter(logger, options.statusOfCode ?? {});
  const adapter = new FastifyAdapter(fastifyOptions(logger, problems));
  const app = await NestFactory.create<NestFastifyApplication>(options.module, adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  const stopping = new AbortController();

  traceRequests(fastify);
  observeRequests(fastify, logger, registry);
  closeConnectionsWhenStopping(fastify, () => stopping.signal.aborted);
  serveMetrics(fastify, registry);
  serveHealth(fastify, () => stopping.signal.aborted, readinessProbe(options.dependencies(app)));
  app.useGlobalFilters(problems);
  app.useGlobalPipes(new RequestValidationPipe());
  const document = serveOpenApi(app, options.openapi);
  const url = await listen(app, options);
  logger.info({ url }, 'Listening');
  return { app, url, openapi: document, ...stopOnce(app, fastify, options, stopping) };
}

function fastifyOptions(logger: Logger, problems: ProblemFilter): FastifyServerOptions {
  return {
    bodyLimit,
    // Ids have up to 128 bytes, each of which may be encoded as three characters; the default ends at 100.
    routerOptions: { maxParamLength: 3 * 128 },
    genReqId: requestIdOf,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    // A request that comes on a kept connection while the app stops is served, and its connection closed after it; the
    // default would answer 503 to a caller that could not know.
    return503OnClosing: false,
    clientErrorHandler: answerClientErrors(logger),
    // A URL that the router can not read is refused before any hook or filter runs.
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) =>
      problems.answer(error, request, reply),
  };
}

/** One stop for all who ask for it; `stopping` is aborted when it begins. */
function stopOnce(
  app: NestFastifyApplication,
  fastify: FastifyInstance,
  { logger, shutdownTimeoutMs, signals }: AppOptions,
  stopping: AbortController,
): Pick<RunningApp, 'stop' | 'stopped'> {
  const { promise: stopped, resolve: settle } = Promise.withResolvers<StopOutcome>();
  const stop = (): Promise<StopOutcome> => {
    if (stopping.signal.aborted) return stopped;
    stopping.abort();
    onSignal?.dispose();
    settle(drainAndClose({ fastify, closeApp: () => app.close(), deadlineMs: shutdownTimeoutMs, logger }));
    return stopped;
  };
  const onSignal =
    signals === 'off'
      ? null
      : onFirstSignal((signal) => {
          logger.info({ signal }, 'Stopping; a second signal ends the process at once');
          void stop();
        });
  return { stop, stopped };
}

async function listen(app: NestFastifyApplication, { port, host }: AppOptions): Promise<string> {
  try {
    await app.listen({ port, host });
    return await app.getUrl();
  } catch (error) {
    await app.close();
    throw new PrejoinError('listen_failed', `The app could not listen on ${host}:${port}.`, {
      cause: error,
      remedy: 'Give it an address of this machine and a port that nothing else uses.',
    });
  }
}

function serveMetrics(fastify: FastifyInstance, registry: Registry): void {
  collectDefaultMetrics({ register: registry });
  fastify.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}

function serveHealth(
  fastify: FastifyInstance,
  isStopping: () => boolean,
  probe: ReturnType<typeof readinessProbe>,
): void {
  fastify.get('/health/live', (_request, reply) => reply.send({ status: 'alive' }));
  fastify.get('/health/ready', async (_request, reply) => {
    const { ready, dependencies } = await probe();
    const status = isStopping() ? 'stopping' : ready ? 'ready' : 'not ready';
    return reply.code(status === 'ready' ? 200 : 503).send({ status, dependencies });
  });
}
