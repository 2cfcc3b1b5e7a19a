import { PrejoinError } from '#kernel';

/** A server that can not be had or does not work; the message says in one sentence which ways there are. */
export class StackError extends PrejoinError {
  constructor(message: string, cause?: unknown) {
    super('stack_unavailable', message, cause === undefined ? {} : { cause });
  }
}
