import { Counter, Gauge, type Registry } from 'prom-client';
import type { Logger } from '#kernel';
import type { RelayMetrics } from '#outbox';
import type { ServiceRuntime } from './service-runtime.js';

/** Makes the relay counters of all services; the function gives one service's share of them. */
export function relayMetrics(registry: Registry): (service: string) => RelayMetrics {
  const counter = (name: string, help: string) =>
    new Counter({
      name: `prejoin_outbox_${name}_total`,
      help,
      labelNames: ['service'],
      registers: [registry],
    });
  const relayed = counter('relayed', 'Events that the broker confirmed.');
  const returned = counter('returned', 'Publishes that no queue took.');
  const nacked = counter('nacked', 'Publishes that the broker refused.');
  const unknown = counter('unknown', 'Publishes that ended without an outcome and are repeated.');
  const deadLettered = counter('dead_lettered', 'Events that were given up after too many attempts.');
  return (service) => {
    const add = (metric: Counter<'service'>) => {
      // A counter that begins at nought is seen to rise by its first event; one that appears with it is not.
      metric.inc({ service }, 0);
      return (messages: number): void => metric.inc({ service }, messages);
    };
    return {
      relayed: add(relayed),
      returned: add(returned),
      nacked: add(nacked),
      unknown: add(unknown),
      deadLettered: add(deadLettered),
    };
  };
}

/** Whether each service's relay is paused by an operator: health does not mind, and an alert may. */
export function observePauses(registry: Registry, services: readonly ServiceRuntime[]): void {
  new Gauge({
    name: 'prejoin_relay_paused',
    help: '1 while an operator has paused the relay, so that events wait in the outbox.',
    labelNames: ['service'],
    registers: [registry],
    collect() {
      for (const { definition, relayState } of services)
        if (relayState !== null) this.set({ service: definition.name }, relayState === 'paused' ? 1 : 0);
    },
  });
}

/** The age of each service's oldest unsent event, asked at every scrape; no value where the database does not answer. */
export function observeOutboxes(
  registry: Registry,
  services: readonly ServiceRuntime[],
  logger: Logger,
): void {
  new Gauge({
    name: 'prejoin_outbox_oldest_seconds',
    help: 'How long the oldest unsent event has waited; 0 when none waits.',
    labelNames: ['service'],
    registers: [registry],
    async collect() {
      await Promise.all(
        services.map(async (runtime) => {
          const service = runtime.definition.name;
          try {
            this.set({ service }, (await runtime.oldestOutboxRow()) ?? 0);
          } catch (error) {
            this.remove({ service });
            logger.warn({ service, err: error }, 'The outbox could not be measured');
          }
        }),
      );
    },
  });
}
