import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import type { Pool } from 'pg';
import { checkOut } from './check-out.js';

/** Hands out what it is given, and does `next` in the same step. */
const poolOf = (given: readonly [Error?, EventEmitter?], next = (): void => undefined): Pool =>
  // The rest of a pool is not asked for.
  ({
    connect: (callback: (...given: readonly [Error?, EventEmitter?]) => void) => {
      callback(...given);
      next();
    },
  }) as unknown as Pool;

test('a connection that is lost in the step in which it was handed out does not end the process', async () => {
  const connection = new EventEmitter();
  const losses: string[] = [];
  const pool = poolOf([undefined, connection], () => connection.emit('error', new Error('terminated')));
  expect(await checkOut(pool, ({ message }) => losses.push(message))).toBe(connection);
  expect(losses).toEqual(['terminated']);
});

test('a pool that can not connect says why', async () => {
  await expect(checkOut(poolOf([new Error('too many')]), () => undefined)).rejects.toThrow('too many');
});
