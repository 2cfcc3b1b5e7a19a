import { PrejoinError } from './errors.js';

/** A statement of the transaction had failed and nobody passed that on: the server rolled back, which a driver calls no fault. */
export class RolledBackError extends PrejoinError {
  constructor() {
    super('transaction_rolled_back', 'A transaction was rolled back where it should have been committed.', {
      remedy: 'Let the fault of each statement reach the end of the transaction; nothing of it was kept.',
    });
  }
}
