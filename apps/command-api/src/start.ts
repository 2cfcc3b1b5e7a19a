import { Registry } from 'prom-client';
import { createLogger } from '#kernel';
import { bootstrapApp, type RunningApp } from '#kernel/http';
import { CommandApiModule } from './app.module.js';
import type { CommandApiConfig } from './config.js';
import { allServices } from './services/all-services.js';
import { observeOutboxes, observePauses, relayMetrics } from './services/metrics.js';
import { ServiceRuntime } from './services/service-runtime.js';

const description = `
Commands of five services, each with a database of its own; what they publish is read through the query API.

- Services do not read each other's databases: a reference to a customer, product or order is taken as it is given, and an
  order line has the unit price that was agreed when it was placed.
- Every POST takes an \`Idempotency-Key\`; every change takes \`If-Match\` with the ETag that it was decided on.
- Every answer to a command says in \`Prejoin-Wrote\` what it wrote: \`order/<id>@<version>\`. Send it to the query API as
  \`Prejoin-After\`, and the answer contains it.
- Money is a whole number of euro cents.`;

/** Opens the hosted services and listens. What was opened is closed again when the app can not start. */
export async function startCommandApi(
  config: CommandApiConfig,
  signals: 'on' | 'off' = 'on',
): Promise<RunningApp> {
  const logger = createLogger('command-api', config.LOG_LEVEL);
  const registry = new Registry();
  const metricsOf = relayMetrics(registry);
  const opened: ServiceRuntime[] = [];
  try {
    for (const { name, databaseUrl } of config.services) {
      opened.push(
        await ServiceRuntime.open(allServices[name], databaseUrl, {
          config,
          logger,
          metrics: metricsOf(name),
        }),
      );
    }
    observeOutboxes(registry, opened, logger);
    observePauses(registry, opened);
    return await bootstrapApp({
      module: CommandApiModule.of(opened),
      port: config.COMMAND_API_PORT,
      host: config.HOST,
      logger,
      shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
      openapi: { title: 'Prejoin command API', description, version: '1' },
      registry,
      dependencies: () => opened.flatMap((service) => service.dependencies()),
      signals,
    });
  } catch (error) {
    await Promise.all(opened.map((service) => service.close()));
    throw error;
  }
}
