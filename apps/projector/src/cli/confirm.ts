import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { PrejoinError } from '#kernel';
import { UsageError } from './usage-error.js';

/** Nobody is there to be asked. */
export class ConfirmationNeededError extends UsageError {
  constructor(question: string) {
    super('confirmation_needed', `${question} There is no terminal to answer at.`, {
      remedy: 'Add --yes to do it without a question.',
    });
  }
}

/** The person at the terminal did not say yes. */
export class NotConfirmedError extends PrejoinError {
  constructor() {
    super('not_confirmed', 'Nothing was changed.');
  }
}

interface Terminal {
  readonly input?: Readable & { readonly isTTY?: boolean };
  readonly output?: Writable;
}

/**
 * Asks a person, and takes only a clear yes for one; Ctrl-C and the end of the input are a no.
 * @throws {ConfirmationNeededError} when the input is no terminal
 */
export async function confirm(question: string, terminal: Terminal = {}): Promise<boolean> {
  const answer = await ask(question, '[y/N]', terminal);
  return /^y(es)?$/i.test(answer.trim());
}

/**
 * Lets what can not be taken back begin only when a person has typed `name`, or the command line said `yes`. Ctrl-C and
 * the end of the input are a no.
 * @throws {NotConfirmedError} for anything else; {ConfirmationNeededError} when the input is no terminal
 */
export async function confirmName(
  { question, name, yes }: { readonly question: string; readonly name: string; readonly yes: boolean },
  terminal: Terminal = {},
): Promise<void> {
  if (yes) return;
  const answer = await ask(question, `Type ${name} to go on:`, terminal);
  if (answer.trim() !== name) throw new NotConfirmedError();
}

/** The answer; empty after Ctrl-C and at the end of the input. */
function ask(
  question: string,
  how: string,
  { input = process.stdin, output = process.stderr }: Terminal,
): Promise<string> {
  const { isTTY } = input as { readonly isTTY?: boolean };
  if (isTTY !== true) return Promise.reject(new ConfirmationNeededError(question));
  const lines = createInterface({ input, output });
  return new Promise((resolve) => {
    lines.on('close', () => resolve(''));
    lines.question(`${question} ${how} `, (answer) => {
      resolve(answer);
      lines.close();
    });
  });
}
