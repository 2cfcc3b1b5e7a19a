import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestSpace, type TestSpace } from '#testing';
import { migrateProjection } from './migrate.js';
import { migrations } from './migrations/migrations.js';

describe('migrating the projection database', () => {
  let space: TestSpace;
  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'] });
  });
  afterAll(() => space.dispose());

  it('runs each migration once, also when several processes start together', async () => {
    const pool = space.pool('projection');
    const ran = await Promise.all([1, 2, 3, 4].map(() => migrateProjection(pool)));
    expect(ran.flat()).toEqual(migrations.map(({ name }) => name));
    expect(await migrateProjection(pool)).toEqual([]);
  });
});
