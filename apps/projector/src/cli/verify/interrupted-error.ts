import { PrejoinError } from '#kernel';

/** Somebody pressed Ctrl-C. */
export class InterruptedError extends PrejoinError {
  constructor() {
    super('interrupted', 'It was interrupted before it could tell.');
  }
}
