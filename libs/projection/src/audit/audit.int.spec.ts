import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import { createTestSpace, type TestSpace } from '#testing';
import { migrateProjection } from '../schema/migrate.js';
import { audited, readAudit } from './audit.js';

const operator = { name: 'ann', host: 'desk', process: 7, environment: 'staging' };

describe('the audit', () => {
  let space: TestSpace;
  const by = () => ({ pool: space.pool('projection'), logger: silentLogger });

  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'] });
    await migrateProjection(space.pool('projection'));
  });
  afterAll(() => space.dispose());

  it('has a row without an outcome while the work goes on, and how it ended afterwards', async () => {
    const entry = { operator, command: 'rebuild', subject: 'order-search', options: { chunk: 7 } };
    const result = await audited(by(), entry, async () => {
      expect(await readAudit(space.pool('projection'), 1)).toMatchObject([
        { operator: 'ann', host: 'desk', process: 7, environment: 'staging', outcome: null, endedAt: null },
      ]);
      return 'built';
    });
    expect(result).toBe('built');
    expect(await readAudit(space.pool('projection'), 1)).toMatchObject([
      { command: 'rebuild', subject: 'order-search', options: { chunk: 7 }, outcome: 'done', detail: null },
    ]);
  });

  it('notes a failure with its reason, and throws it on', async () => {
    const work = (): Promise<never> => Promise.reject(new Error('no disk'));
    await expect(audited(by(), { operator, command: 'swap', subject: 'v' }, work)).rejects.toThrow('no disk');
    const [newest, before] = await readAudit(space.pool('projection'), 2);
    expect(newest).toMatchObject({ command: 'swap', outcome: 'failed', detail: 'no disk' });
    expect(before).toMatchObject({ command: 'rebuild' });
  });

  it('does not let a lost last write undo what was done', async () => {
    const pool = space.pool('projection');
    const result = await audited(by(), { operator, command: 'resume', subject: 'v' }, async () => {
      await pool.query('ALTER TABLE audit RENAME TO audit_away');
      return 'done';
    }).finally(() => pool.query('ALTER TABLE audit_away RENAME TO audit'));
    expect(result).toBe('done');
    expect(await readAudit(pool, 1)).toMatchObject([{ command: 'resume', outcome: null }]);
  });
});
