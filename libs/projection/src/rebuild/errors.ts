import { PrejoinError } from '#kernel';

/** Somebody else rebuilds the view. */
export class RebuildRunningError extends PrejoinError {
  constructor(
    view: string,
    by: { holder: string; since: Date; phase: string; scanned: number; total: number },
  ) {
    super(
      'rebuild_running',
      `View ${view} is being rebuilt already, by ${by.holder} since ${by.since.toISOString()}: ` +
        `phase ${by.phase}, ${by.scanned} of ${by.total} roots scanned.`,
      {
        remedy:
          'Wait for it to end, or see "npx prejoin jobs list". If that process hangs or its machine is gone, its lease runs out within a minute.',
      },
    );
  }
}

/** The rebuild does not belong to this process any more, which changes nothing after it. */
export class RebuildLeaseLostError extends PrejoinError {
  constructor(view: string, why: string, cause?: unknown) {
    super('rebuild_lease_lost', `This process ended its rebuild of view ${view}: ${why}.`, {
      cause,
      remedy: 'See "npx prejoin jobs list": nothing was changed by this process after it lost the rebuild.',
    });
  }
}

/** A complete generation of another declaration waits for its swap; a rebuild would drop it. */
export class RebuildWaitingError extends PrejoinError {
  constructor(view: string, indexName: string) {
    super(
      'rebuild_waiting',
      `Index ${indexName} of another declaration of view ${view} is complete and waits for its swap.`,
      {
        remedy: `Swap it in (npx prejoin swap ${view}) or give it up (npx prejoin jobs cancel rebuild:${view}).`,
      },
    );
  }
}

/** There is no complete generation that could be swapped in. */
export class NothingToSwapError extends PrejoinError {
  constructor(view: string, unfinished: 'none' | 'unfinished') {
    super(
      'nothing_to_swap',
      unfinished === 'none'
        ? `No new generation of view ${view} waits for a swap.`
        : `The new generation of view ${view} is not complete: its scan was left unfinished.`,
      {
        remedy:
          unfinished === 'none'
            ? `Build one first: npx prejoin rebuild ${view} --no-swap`
            : `Go on with it: npx prejoin rebuild ${view} --no-swap`,
      },
    );
  }
}

/** Why readers should not be moved to a generation; each can be overridden. */
export interface Refusal {
  /**
   * `not_runnable`: its plan needs functions that this process lacks; `stopped`: it takes no writes; `lag`: changes that
   * concern it wait too long; `count`: it has not as many documents as it should; `verify`: it does not hold what the
   * copies say.
   */
  readonly what: 'not_runnable' | 'stopped' | 'lag' | 'count' | 'verify';
  readonly sentence: string;
}

/** The new generation is not what readers should see; it stays as it is. */
export class SwapRefusedError extends PrejoinError {
  constructor(
    view: string,
    readonly refusals: readonly Refusal[],
  ) {
    super('swap_refused', `View ${view} was not swapped:\n${lines(refusals)}`, {
      remedy: `Try again with npx prejoin swap ${view}; --force swaps all the same. The live generation goes on.`,
    });
  }
}

/** The index of a generation can not be read, so that nobody may be moved to it. */
export class GenerationUnreadableError extends PrejoinError {
  constructor(view: string, indexName: string, cause?: unknown) {
    super('generation_unreadable', `Index ${indexName} of view ${view} is missing or does not answer.`, {
      cause,
      remedy: `If it was closed, open it again; if it is gone, run: npx prejoin rebuild ${view}`,
    });
  }
}

/** There is nothing to go back to. */
export class NoPreviousGenerationError extends PrejoinError {
  constructor(view: string) {
    super('no_previous_generation', `View ${view} has no previous generation that is kept current.`, {
      remedy: `It is kept for the time that was given at the swap. Build anew instead: npx prejoin rebuild ${view}`,
    });
  }
}

/** The previous generation is not what readers should see; the live one goes on. */
export class RollbackRefusedError extends PrejoinError {
  constructor(
    view: string,
    readonly refusals: readonly Refusal[],
  ) {
    super('rollback_refused', `View ${view} was not rolled back:\n${lines(refusals)}`, {
      remedy: `Try again when that has changed; npx prejoin rollback ${view} --force goes back all the same.`,
    });
  }
}

function lines(refusals: readonly Refusal[]): string {
  return refusals.map(({ sentence }) => `  - ${sentence}`).join('\n');
}

/** Whoever started the rebuild gave it up. */
export class RebuildCancelledError extends PrejoinError {
  constructor(view: string) {
    super(
      'rebuild_cancelled',
      `The rebuild of view ${view} was cancelled; its index is dropped and the live one is untouched.`,
    );
  }
}

/** Whoever asked for the swap gave it up. */
export class SwapCancelledError extends PrejoinError {
  constructor(view: string) {
    super(
      'swap_cancelled',
      `The swap of view ${view} was cancelled; the new index stays complete and current, and the live one is served.`,
    );
  }
}

/** Whoever asked for the rollback gave it up. */
export class RollbackCancelledError extends PrejoinError {
  constructor(view: string) {
    super('rollback_cancelled', `The rollback of view ${view} was cancelled; nothing was changed.`);
  }
}

/** The new index can not be filled: it is gone, or its generation was stopped or retired. */
export class RebuildInterruptedError extends PrejoinError {
  constructor(view: string, indexName: string) {
    super(
      'rebuild_interrupted',
      `The rebuild of view ${view} can not go on: index ${indexName} takes no more writes.`,
      {
        remedy: 'See the reason in "npx prejoin status", and start the rebuild again.',
      },
    );
  }
}

/** The plan names functions that this process does not have. */
export class RebuildNotRunnableError extends PrejoinError {
  constructor(view: string, missing: readonly string[]) {
    super(
      'rebuild_not_runnable',
      `View ${view} computes with functions that this process lacks: ${missing.join(', ')}.`,
      {
        remedy: 'Run the rebuild with the version of the code that declares the view.',
      },
    );
  }
}

/** None of the marks that were waited for is built. */
export class RebuildStalledError extends PrejoinError {
  constructor(
    view: string,
    readonly left: number,
    readonly stallMs: number,
  ) {
    super(
      'rebuild_stalled',
      `View ${view} has ${left} marks that have to be built before a swap, and none of them was built for ${Math.round(stallMs / 1_000)} s.`,
      {
        remedy: 'See in the log why no builder finishes them, and start the rebuild again.',
      },
    );
  }
}

/** The new index does not hold what the copies say. */
export class RebuildVerifyError extends PrejoinError {
  constructor(view: string, faults: readonly string[]) {
    super(
      'rebuild_verify_failed',
      `The new index of view ${view} is not right, so it was not swapped in:\n${faults.map((f) => `  - ${f}`).join('\n')}`,
      {
        remedy:
          'Documents that the index refuses are listed as dead letters; mend the view or the data and rebuild again.',
      },
    );
  }
}

export class NoGenerationError extends PrejoinError {
  constructor(view: string) {
    super('no_generation', `View ${view} has no live generation yet.`, {
      remedy:
        'Run the projector once (npm run start:projector): it creates the first generation of every view.',
    });
  }
}
