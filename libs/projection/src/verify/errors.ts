import { PrejoinError } from '#kernel';

export class GenerationUnknownError extends PrejoinError {
  constructor(view: string, number: number, known: readonly number[]) {
    super('generation_unknown', `View ${view} has no generation ${number}.`, {
      remedy: known.length === 0 ? 'It has none at all.' : `It has: ${known.join(', ')}.`,
    });
  }
}

/** The plan names functions that this process does not have, so that it can not tell what the documents should be. */
export class VerifyNotRunnableError extends PrejoinError {
  constructor(view: string, missing: readonly string[]) {
    super(
      'verify_not_runnable',
      `View ${view} computes with functions that this process lacks: ${missing.join(', ')}.`,
      { remedy: 'Run it with the release of the code that declares the view.' },
    );
  }
}
