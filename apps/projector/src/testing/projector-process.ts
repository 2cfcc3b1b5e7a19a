import { spawn, type ChildProcess } from 'node:child_process';
import { expect } from '@jest/globals';
import { silentLogger } from '#kernel';
import { busNames, connectPublisher, eventTopology, type OutgoingMessage } from '#messaging';
import { eventMessage, eventually, type TestSpace } from '#testing';

export interface ProjectorProcess {
  readonly child: ChildProcess;
  /** What it has written to its standard error. */
  readonly errors: () => string;
}

/** Starts a projector with this environment alone, and does not wait for it. */
export function spawnProjector(env: Readonly<Record<string, string>>): ProjectorProcess {
  const child = spawn(process.execPath, ['dist/apps/projector/src/main.js'], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return { child, errors: () => errors };
}

/** What a projector of this space needs to run. */
export function projectorEnv(space: TestSpace): Readonly<Record<string, string>> {
  return {
    PROJECTOR_PORT: '0',
    PROJECTION_DATABASE_URL: space.databaseUrl('projection'),
    ELASTICSEARCH_URL: space.elasticsearchUrl,
    RABBITMQ_URL: space.rabbitmqUrl,
    BUS_PREFIX: space.busPrefix,
    INDEX_PREFIX: space.indexPrefix,
    LOG_LEVEL: 'fatal',
  };
}

/** Publishes as a relay does; resolves when the broker has confirmed all. */
export async function publishAll(space: TestSpace, messages: readonly OutgoingMessage[]): Promise<void> {
  const publisher = connectPublisher({
    url: space.rabbitmqUrl,
    exchange: busNames(space.busPrefix).events,
    topology: eventTopology(space.busPrefix),
    connectionName: 'test',
    logger: silentLogger,
  });
  try {
    await eventually(() => expect(publisher.state).toBe('open'));
    const outcomes = await publisher.publish(messages);
    expect(outcomes.every(({ kind }) => kind === 'confirmed')).toBe(true);
  } finally {
    await publisher.close();
  }
}

/** An event of the whole state of one aggregate. */
export function eventOf(
  source: string,
  version: number,
  state: Readonly<Record<string, unknown>> & { readonly id: string },
): OutgoingMessage {
  return eventMessage({ source, version, aggregateId: state.id, state });
}

/** The event that an aggregate is deleted. */
export function deletionOf(source: string, version: number, aggregateId: string): OutgoingMessage {
  return eventMessage({ source, version, aggregateId, state: null });
}

export function orderState(
  id: string,
  productIds: readonly string[] = [],
): Readonly<Record<string, unknown>> & { readonly id: string } {
  return {
    id,
    customerId: 'nobody',
    status: 'pending',
    total: 0,
    discount: 0,
    placedAt: '2026-01-01T00:00:00.000Z',
    lines: productIds.map((productId) => ({ productId, quantity: 1, unitPrice: 100 })),
  };
}
