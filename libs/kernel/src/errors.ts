/** What every error of Prejoin carries besides its message. */
export interface ErrorDetails {
  /** What the reader can do about it, as one sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
}

/**
 * The base of all errors that Prejoin raises on purpose.
 *
 * `code` is stable: callers, metrics and documentation may rely on it; the message is for people and may change.
 * Each kind of failure is a subclass or a code of its own, so that nobody has to match on message text.
 */
export class PrejoinError extends Error {
  readonly code: string;
  readonly remedy: string | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.remedy = details.remedy;
  }
}

/** The message of anything that was thrown, for logs and dead letters. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof AggregateError && thrown.message === '')
    return thrown.errors.map(messageOf).join('; ');
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What a person at a terminal is told of anything that was thrown: the message and, on a line of its own, the remedy. */
export function forPeople(thrown: unknown): string {
  const remedy = thrown instanceof PrejoinError ? thrown.remedy : undefined;
  return remedy === undefined ? `${messageOf(thrown)}\n` : `${messageOf(thrown)}\n${remedy}\n`;
}
