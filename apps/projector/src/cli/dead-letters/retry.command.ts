import type { Pool } from 'pg';
import { PrejoinError, showProgress, type Logger } from '#kernel';
import { retryDeadLetters, type DeadLetterFilter, type RetryResult } from '#projection';
import { grouped } from '../output.js';
import { receivedSources } from '../../views.js';
import { findLeftAlone, lineOf, type LeftAlone } from './left-alone.js';
import { visible } from './visible.js';

/** The command was ended before it was through. */
export class DeadLettersInterruptedError extends PrejoinError {
  constructor() {
    super('dead_letters_interrupted', 'Stopped before the last dead letter; the others are as they were.', {
      remedy: 'Run the same command again to go on.',
    });
  }
}

/** Some letters are open after a retry, or were not there to be tried. */
export class RetryIncompleteError extends PrejoinError {
  constructor(refused: number, unknown: number) {
    const parts = [
      ...(refused > 0 ? [`${refused} dead letter(s) were refused again and stay open.`] : []),
      ...(unknown > 0 ? [`${unknown} of the ids name no dead letter.`] : []),
    ];
    super('retry_incomplete', parts.join(' '), {
      remedy:
        'Mend what the reasons say and retry again, or give up what is not worth it: npx prejoin dead-letters discard',
    });
  }
}

export interface RetryCommandOptions {
  readonly filter: DeadLetterFilter;
  readonly wait: boolean;
  readonly json: boolean;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/**
 * Retries the letters with progress on standard error, and prints what became of them.
 * @throws {RetryIncompleteError} when any is refused again or not there; {DeadLettersInterruptedError} after Ctrl-C
 */
export async function retryLetters(pool: Pool, options: RetryCommandOptions): Promise<void> {
  const { filter, wait, json, logger, signal } = options;
  const alone = await findLeftAlone(pool, filter);
  const progress = showProgress({ label: 'retry', unit: 'dead letters' });
  const result = await retryDeadLetters({
    pool,
    sources: new Map(receivedSources().map((source) => [source.description.name, source])),
    // Naming a discarded letter is a reason to try it; a filter means what is open.
    filter: { ...filter, states: filter.ids === undefined ? ['open'] : ['open', 'discarded'] },
    logger,
    wait: wait
      ? { begins: () => process.stderr.write('Waiting for the projector to build documents.\n') }
      : undefined,
    signal,
    onProgress: (done, total) => progress.update(done, total),
  }).finally(() => progress.finish());
  process.stdout.write(`${json ? jsonOf(result, alone) : formatRetry(result, alone)}\n`);
  if (!result.complete) throw new DeadLettersInterruptedError();
  if (result.refused + alone.unknown.length > 0)
    throw new RetryIncompleteError(result.refused, alone.unknown.length);
}

function jsonOf(result: RetryResult, alone: LeftAlone): string {
  return JSON.stringify({ ...result, reasons: Object.fromEntries(result.reasons), alone });
}

function formatRetry({ healed, queued, refused, reasons }: RetryResult, alone: LeftAlone): string {
  const named = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  return [
    `${grouped(healed + queued + refused)} retried: ${grouped(healed)} healed, ${grouped(refused)} refused again, ` +
      `${grouped(queued)} documents queued.`,
    ...[...reasons].map(([reason, count]) => `  ${grouped(count)} × ${visible(reason)}`),
    ...(named < refused ? [`  ${grouped(refused - named)} × for other reasons`] : []),
    ...(queued > 0
      ? ['The projector builds what is queued. See: npx prejoin dead-letters list --kind document']
      : []),
    ...lineOf('Not there', alone.unknown),
    ...lineOf('Healed already', alone.healed),
  ].join('\n');
}
