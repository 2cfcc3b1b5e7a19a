import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import { createTestSpace, type TestSpace } from '#testing';
import { allServices } from './all-services.js';
import { migrateService } from './migrate-service.js';

let space: TestSpace;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['shipping'] });
});

afterAll(() => space?.dispose());

describe('migrateService', () => {
  it('runs every migration once when several start at the same time, and leaves no lock behind', async () => {
    const migrate = () => migrateService(allServices.shipping, space.databaseUrl('shipping'), silentLogger);
    const done = await Promise.all([migrate(), migrate(), migrate(), migrate()]);
    expect(done.filter((names) => names.length > 0)).toEqual([
      [
        'Outbox1762000000000',
        'Resync1762000000001',
        'RelayControl1762000000002',
        'IdempotencyKey1762000001000',
        'CreateShipping1763000000000',
      ],
    ]);
    expect(await migrate()).toEqual([]);
    const { rows } = await space.pool('shipping').query<{ name: string }>('SELECT name FROM migrations');
    expect(rows).toHaveLength(5);
  });
});
