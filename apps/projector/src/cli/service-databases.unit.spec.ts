import { describe, expect, it } from '@jest/globals';
import { inEachService, serviceDatabases } from './service-databases.js';

describe('the databases of the services', () => {
  it('are those of the owners of sources, and unknown where no variable names them', () => {
    const env = { ORDERS_DATABASE_URL: 'postgres://orders@127.0.0.1:1/orders', CATALOG_DATABASE_URL: '' };
    const found = serviceDatabases(env);
    expect(found.map(({ service }) => service)).toEqual(
      expect.arrayContaining(['catalog', 'customers', 'orders', 'payments', 'shipping']),
    );
    expect(found).toContainEqual({
      service: 'orders',
      variable: 'ORDERS_DATABASE_URL',
      url: 'postgres://orders@127.0.0.1:1/orders',
    });
    expect(found).toContainEqual({ service: 'catalog', variable: 'CATALOG_DATABASE_URL', url: null });
  });

  it('refuses a variable that is set and names no PostgreSQL', () => {
    expect(() => serviceDatabases({ ORDERS_DATABASE_URL: 'mysql://orders@db/orders' })).toThrow(
      /ORDERS_DATABASE_URL must be a URL that begins with postgres:/,
    );
  });

  it('are told with the reason when they can not be looked at', async () => {
    const databases = [
      { service: 'orders', variable: 'ORDERS_DATABASE_URL', url: 'postgres://x@127.0.0.1:1/x' },
      { service: 'catalog', variable: 'CATALOG_DATABASE_URL', url: null },
    ];
    const seen = await inEachService((pool) => pool.query('SELECT 1'), { databases });
    expect(seen).toEqual([
      {
        service: 'orders',
        unseen: expect.stringContaining('127.0.0.1:1'),
        cause: expect.objectContaining({ code: 'ECONNREFUSED' }),
      },
      { service: 'catalog', unseen: 'CATALOG_DATABASE_URL is not set' },
    ]);
  });
});
