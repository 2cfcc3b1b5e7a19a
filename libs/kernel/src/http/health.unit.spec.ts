import { describe, expect, it } from '@jest/globals';
import { readinessProbe, type Dependency } from './health.js';

const there = (name: string, more: Partial<Dependency> = {}): Dependency => ({
  name,
  check: () => Promise.resolve(),
  ...more,
});
const away = (name: string, more: Partial<Dependency> = {}): Dependency =>
  there(name, { check: () => Promise.reject(new Error('away')), ...more });

describe('readiness', () => {
  it('needs every dependency but the optional ones, and tells of all', async () => {
    expect(await readinessProbe([there('a'), away('b', { optional: true })])()).toEqual({
      ready: true,
      dependencies: { a: { up: true }, b: { up: false, reason: 'away' } },
    });
    expect(await readinessProbe([away('a'), there('b', { optional: true })])()).toMatchObject({
      ready: false,
    });
  });
});
