import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '#testing';
import { gatheredLines } from './gathered-lines.js';
import { createLogger } from './logging.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prejoin-lines-'));
});
afterEach(() => rm(folder, { recursive: true }));

const messagesIn = async (path: string): Promise<string[]> =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { msg: string }).msg);

test('lines are written soon, and a warning at once with all before it', async () => {
  const path = join(folder, 'log');
  const logger = createLogger('test', 'info', gatheredLines(path));
  // The file is opened in the background.
  logger.info('first');
  await eventually(async () => expect(await messagesIn(path)).toEqual(['first']));
  logger.info('second');
  logger.warn('third');
  expect(await messagesIn(path)).toEqual(['first', 'second', 'third']);
});
