import type { Pool } from 'pg';
import { showProgress } from '#kernel';
import { discardDeadLetters, measureDeadLetters, type DeadLetterFilter } from '#projection';
import { grouped } from '../output.js';
import { confirm } from '../confirm.js';
import { findLeftAlone, lineOf } from './left-alone.js';
import { DeadLettersInterruptedError } from './retry.command.js';

export interface DiscardCommandOptions {
  readonly filter: DeadLetterFilter;
  readonly yes: boolean;
  readonly json: boolean;
  /** Made once the question is answered, since Ctrl-C at the question means no. */
  readonly interrupted: () => AbortSignal;
}

/**
 * Discards the open letters among those that are meant, after a question unless `yes`, and prints how many.
 * @throws {ConfirmationNeededError} without a terminal and `yes`; {DeadLettersInterruptedError} after Ctrl-C
 */
export async function discardLetters(
  pool: Pool,
  { filter, yes, json, interrupted }: DiscardCommandOptions,
): Promise<void> {
  const { count, lastId } = await measureDeadLetters(pool, { ...filter, states: ['open'] });
  const alone = await findLeftAlone(pool, filter);
  if (count > 0 && !yes && !(await confirm(question(count)))) {
    process.stdout.write(json ? `${JSON.stringify({ discarded: 0, alone })}\n` : 'Nothing was discarded.\n');
    return;
  }
  const progress = showProgress({ label: 'discard', unit: 'dead letters' });
  const signal = interrupted();
  const discarded = await discardDeadLetters({
    pool,
    filter,
    lastId,
    signal,
    onProgress: (done) => progress.update(done, count),
  }).finally(() => progress.finish());
  const lines = [
    `${grouped(discarded)} discarded.`,
    ...lineOf('Not there', alone.unknown),
    ...lineOf('Healed already', alone.healed),
    ...lineOf('Discarded already', alone.discarded),
  ];
  process.stdout.write(`${json ? JSON.stringify({ discarded, alone }) : lines.join('\n')}\n`);
  if (signal.aborted && discarded < count) throw new DeadLettersInterruptedError();
}

function question(count: number): string {
  return `Give up ${grouped(count)} open dead letter(s)? What they hold is not applied or indexed.`;
}
