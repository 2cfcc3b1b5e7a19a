import { silentLogger } from '#kernel';
import type { RunningApp } from '#kernel/http';
import type { TestSpace } from '#testing';
import { databaseUrlName, readCommandApiConfig, serviceNames, type ServiceName } from '../config.js';
import { allServices } from '../services/all-services.js';
import { migrateService } from '../services/migrate-service.js';
import { startCommandApi } from '../start.js';

type Env = Readonly<Record<string, string>>;

/** The environment of a command-api on the databases of `space`; small pools, since all test files share one server. */
export function testEnv(space: TestSpace, services: readonly ServiceName[] = serviceNames): Env {
  const urls = services.map((name) => [databaseUrlName(name), space.databaseUrl(name)]);
  return {
    SERVICES: services.join(','),
    COMMAND_API_PORT: '0',
    DATABASE_POOL_SIZE: '4',
    RELAY: 'off',
    LOG_LEVEL: 'silent',
    BUS_PREFIX: space.busPrefix,
    ...(Object.fromEntries(urls) as Env),
  };
}

export async function migrateAll(
  space: TestSpace,
  services: readonly ServiceName[] = serviceNames,
): Promise<void> {
  for (const name of services) await migrateService(allServices[name], space.databaseUrl(name), silentLogger);
}

/** The app in this process, without its signal handlers. */
export function startTestApp(env: Env): Promise<RunningApp> {
  return startCommandApi(readCommandApiConfig(env), 'off');
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // Answers are looked into freely by assertions, which fail by themselves on what is not there.
  readonly body: Readonly<Record<string, unknown>>;
}

export type Send = (
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Answer>;

export function sender(baseUrl: string): Send {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(baseUrl + path, {
      method,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, text, body: parsed };
  };
}

export interface OutboxEvent {
  readonly name: string;
  readonly source: string;
  readonly aggregateId: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly traceparent: string | null;
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** The unsent events of a service, in the order that they were appended. */
export async function outboxOf(
  space: TestSpace,
  service: ServiceName,
  aggregateId?: string,
): Promise<OutboxEvent[]> {
  const { rows } = await space
    .pool(service)
    .query<{ body: Buffer }>(
      'SELECT body FROM outbox WHERE $1::text IS NULL OR aggregate_id = $1 ORDER BY seq',
      [aggregateId ?? null],
    );
  return rows.map(({ body }) => JSON.parse(body.toString()) as OutboxEvent);
}

const someId = (n: number): string => `019a3c7e-1f00-7000-8000-${String(n).padStart(12, '0')}`;
export const ids = { customer: someId(1), mug: someId(2), plate: someId(3) };

export const newOrder = {
  customerId: ids.customer,
  lines: [
    { productId: ids.mug, quantity: 2, unitPrice: 1995 },
    { productId: ids.plate, quantity: 1, unitPrice: 450 },
  ],
  discount: 440,
};

export const newCustomer = {
  name: 'Noor de Wit',
  email: 'noor@example.com',
  tier: 'silver',
  address: { street: 'Oudegracht 12', postalCode: '3511 AM', city: 'Utrecht', country: 'NL' },
};
