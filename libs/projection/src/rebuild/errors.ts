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
          'Wait for it to end. If that process is dead, its lease runs out within a minute; then start again.',
      },
    );
  }
}

/** Another process took the rebuild over while this one was not heard of. */
export class RebuildLeaseLostError extends PrejoinError {
  constructor(view: string, cause?: unknown) {
    super(
      'rebuild_lease_lost',
      `The rebuild of view ${view} was taken over by another process, or its lease could not be renewed.`,
      {
        cause,
        remedy: `Look at "npx prejoin status": nothing was changed by this process after it lost the lease.`,
      },
    );
  }
}

export class RebuildCancelledError extends PrejoinError {
  constructor(view: string) {
    super(
      'rebuild_cancelled',
      `The rebuild of view ${view} was cancelled; its index is dropped and the live one is untouched.`,
    );
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

export class RebuildStalledError extends PrejoinError {
  constructor(view: string, left: number, minutes: number) {
    super(
      'rebuild_stalled',
      `The rebuild of view ${view} waited ${minutes} minutes in which none of ${left} marks was built.`,
      {
        remedy:
          'Start a projector that can run every generation of the view: marks are only taken by a process that has each ' +
          'compute function of each generation, the live one included.',
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
