import { PrejoinError, newId, sleep } from '#kernel';
import type { Chain, Command } from './data-set.js';
import type { World } from './world.js';

export interface SendOptions {
  readonly baseUrl: string;
  /** How many chains are under way at once. */
  readonly concurrency: number;
  /** How long a command is tried again while the server is away, in milliseconds; 0 tries once. */
  readonly patienceMs: number;
  /** Where the answers are remembered. */
  readonly world: World;
  readonly onSent?: (sent: number) => void;
  readonly signal?: AbortSignal;
}

/** A command that was refused, or that found no server within its patience. */
export class CommandRefused extends PrejoinError {
  constructor(command: Command, what: string, cause?: unknown) {
    super('command_refused', `${command.method} ${command.path}: ${what}`, { cause });
  }
}

/**
 * Sends all chains, each in its order and several at once. A lost answer is asked for again with the same
 * `Idempotency-Key`, so that a crash of the server neither loses a command nor has it done twice.
 * @throws {CommandRefused} with the server's words
 */
export async function sendChains(chains: readonly Chain[], options: SendOptions): Promise<void> {
  let next = 0;
  let sent = 0;
  const worker = async (): Promise<void> => {
    for (let chain = chains[next++]; chain !== undefined; chain = chains[next++]) {
      for (const command of chain) {
        if (options.signal?.aborted) return;
        await send(command, options);
        options.onSent?.((sent += 1));
      }
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, worker));
}

async function send(command: Command, { baseUrl, patienceMs, world, signal }: SendOptions): Promise<void> {
  const key = newId();
  const giveUpAt = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    const answer = await request(command, baseUrl, key, signal);
    if (answer.kind === 'done') return world.remember(command, answer.body);
    // A first DELETE may have been done although its answer was lost.
    if (answer.kind === 'refused' && answer.status === 404 && command.method === 'DELETE' && attempt > 1) {
      return world.remember(command, null);
    }
    if (answer.kind === 'refused') throw new CommandRefused(command, `${answer.status} ${answer.words}`);
    if (performance.now() >= giveUpAt || signal?.aborted)
      throw new CommandRefused(command, 'no server', answer.cause);
    await sleep(100, signal);
  }
}

type Answer =
  | { readonly kind: 'done'; readonly body: Readonly<Record<string, unknown>> | null }
  | { readonly kind: 'refused'; readonly status: number; readonly words: string }
  | { readonly kind: 'away'; readonly cause: unknown };

async function request(
  command: Command,
  baseUrl: string,
  key: string,
  signal?: AbortSignal,
): Promise<Answer> {
  try {
    const response = await fetch(baseUrl + command.path, {
      method: command.method,
      headers: {
        ...(command.body && { 'content-type': 'application/json' }),
        ...(command.method === 'POST' && { 'idempotency-key': key }),
      },
      ...(command.body && { body: JSON.stringify(command.body) }),
      ...(signal && { signal }),
    });
    const text = await response.text();
    if (response.status >= 502) return { kind: 'away', cause: new Error(`${response.status} ${text}`) };
    if (!response.ok) return { kind: 'refused', status: response.status, words: text };
    return { kind: 'done', body: text === '' ? null : (JSON.parse(text) as Record<string, unknown>) };
  } catch (cause) {
    return { kind: 'away', cause };
  }
}
