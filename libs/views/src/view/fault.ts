import { PrejoinError } from '#kernel';

/** One thing that is wrong with a declaration. */
export interface Fault {
  /** An `error` can not be compiled; a `warning` is hardly meant, and works. */
  readonly severity: 'error' | 'warning';
  /** Where: the source or view, and the path in it (`order-search.customer.name`). */
  readonly at: string;
  /** What is wrong, as a sentence. */
  readonly problem: string;
  /** What to do about it, as a sentence. */
  readonly remedy: string;
}

/** A view (or its sources) that can not be compiled: all faults at once. */
export class ViewInvalidError extends PrejoinError {
  constructor(
    view: string,
    readonly faults: readonly Fault[],
  ) {
    super(
      'view_invalid',
      `The view '${view}' has ${faults.length} fault(s):\n${faults.map(sentence).join('\n')}`,
      {
        remedy: 'Correct what is listed; check(view) tells the same without throwing.',
      },
    );
  }
}

function sentence({ at, problem, remedy }: Fault): string {
  return `  - ${at}: ${problem} ${remedy}`;
}
