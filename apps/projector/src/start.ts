import { Registry } from 'prom-client';
import { createLogger } from '#kernel';
import { bootstrapApp, type RunningApp } from '#kernel/http';
import type { ProjectorConfig } from './config.js';
import { ProjectorModule } from './projector.module.js';
import { ProjectorRuntime } from './projector-runtime.js';

const description = `
Keeps the documents of all views: events become copies, copies mark the roots that they change, and marked roots are built
and indexed. This app answers nothing but its health and its metrics; documents are read through the query API.`;

/** Starts the workers and listens. What was opened is closed again when the app can not start. */
export async function startProjector(
  config: ProjectorConfig,
  signals: 'on' | 'off' = 'on',
): Promise<RunningApp> {
  const logger = createLogger('projector', config.LOG_LEVEL);
  const registry = new Registry();
  const runtime = await ProjectorRuntime.open(config, registry, logger);
  try {
    return await bootstrapApp({
      module: ProjectorModule.of(runtime),
      port: config.PROJECTOR_PORT,
      host: config.HOST,
      logger,
      shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
      openapi: { title: 'Prejoin projector', description, version: '1' },
      registry,
      dependencies: () => runtime.dependencies(),
      signals,
    });
  } catch (error) {
    await runtime.close();
    throw error;
  }
}
