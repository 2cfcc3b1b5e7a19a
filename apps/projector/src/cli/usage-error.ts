import { PrejoinError } from '#kernel';

/** The command line asks for what there is not, or does not say what it must; the CLI ends with 2. */
export class UsageError extends PrejoinError {}
