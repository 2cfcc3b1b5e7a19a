/**
 * Ends a command with this exit code: what there is to say was printed, or is the message and remedy of `cause`. It is no
 * fault of the command: `verify` ends so with 1 when documents differ.
 */
export class ExitWith extends Error {
  constructor(
    readonly code: 1 | 2,
    cause?: unknown,
  ) {
    super(`exit code ${code}`, { cause });
  }
}
