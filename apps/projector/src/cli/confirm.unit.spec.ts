import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { confirm, confirmName } from './confirm.js';

const terminal = (answer: string | null) => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  if (answer === null) input.end();
  else input.write(`${answer}\n`);
  return { input, output: new PassThrough() };
};

describe('a question', () => {
  it.each([
    ['y', true],
    ['Yes', true],
    ['', false],
    ['n', false],
    ['yesterday', false],
    [null, false],
  ])('takes %j for %j', async (answer, sure) => {
    expect(await confirm('Sure?', terminal(answer))).toBe(sure);
  });

  it('is not asked where nobody can answer', async () => {
    await expect(
      confirm('Sure?', { input: new PassThrough(), output: new PassThrough() }),
    ).rejects.toMatchObject({
      code: 'confirmation_needed',
      remedy: expect.stringContaining('--yes'),
    });
  });
});

describe('a name that has to be typed', () => {
  const asked = { question: 'Erase it?', name: 'order-search', yes: false };

  it('lets go on who types it, and whoever said yes before', async () => {
    await expect(confirmName(asked, terminal(' order-search '))).resolves.toBeUndefined();
    await expect(confirmName({ ...asked, yes: true }, terminal(null))).resolves.toBeUndefined();
  });

  it.each(['y', 'yes', '', 'order', 'Order-Search', null])('takes %j for a no', async (answer) => {
    await expect(confirmName(asked, terminal(answer))).rejects.toMatchObject({ code: 'not_confirmed' });
  });

  it('is not asked for where nobody can answer', async () => {
    await expect(confirmName(asked, { input: new PassThrough() })).rejects.toMatchObject({
      code: 'confirmation_needed',
    });
  });
});
