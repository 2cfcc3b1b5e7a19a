import { expect, test } from '@jest/globals';
import { eventually } from './index.js';

test('an assertion that passes at its third attempt passes, with its value', async () => {
  let attempts = 0;
  const value = await eventually(() => {
    expect(++attempts).toBe(3);
    return Promise.resolve('done');
  });
  expect(value).toBe('done');
});

test('an assertion that never passes fails with its own reason and the time waited', async () => {
  const failing = eventually(() => expect('a').toBe('b'), { timeoutMs: 50 });
  await expect(failing).rejects.toThrow(/Object\.is[\s\S]*still so after \d+ ms and \d+ attempts/);
});

test('an assertion that hangs fails at the deadline', async () => {
  const hanging = eventually(() => new Promise<void>(() => undefined), { timeoutMs: 50 });
  await expect(hanging).rejects.toThrow('the assertion itself did not end');
});
