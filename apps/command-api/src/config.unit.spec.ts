import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '#kernel';
import { readCommandApiConfig, readMigrationConfig } from './config.js';

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('the configuration of command-api', () => {
  it('requires the databases of hosted services only', () => {
    const env = { SERVICES: 'orders', ORDERS_DATABASE_URL: 'postgres://orders@127.0.0.1/orders' };
    expect(readCommandApiConfig(env)).toMatchObject({
      services: [{ name: 'orders', databaseUrl: env.ORDERS_DATABASE_URL }],
      COMMAND_API_PORT: 3001,
      HOST: '127.0.0.1',
      RELAY: 'on',
    });
    expect(readMigrationConfig(env).services).toHaveLength(1);
  });

  it('hosts all services by default, and names every database that is missing', () => {
    const faults = faultsOf(() => readCommandApiConfig({}));
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'CUSTOMERS_DATABASE_URL',
      'CATALOG_DATABASE_URL',
      'ORDERS_DATABASE_URL',
      'PAYMENTS_DATABASE_URL',
      'SHIPPING_DATABASE_URL',
    ]);
  });

  it('names all faults at once, also when SERVICES itself is wrong, and never a password', () => {
    const faults = faultsOf(() =>
      readCommandApiConfig({
        SERVICES: 'orders,billing',
        COMMAND_API_PORT: '70000',
        RELAY: 'maybe',
        RABBITMQ_URL: 'http://guest:hunter2@broker',
      }),
    );
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
      'COMMAND_API_PORT',
      'RABBITMQ_URL',
      'RELAY',
      'SERVICES',
    ]);
    expect(faults.join()).not.toContain('hunter2');
  });
});
