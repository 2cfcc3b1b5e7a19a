import { PrejoinError } from '#kernel';

/** What a view spec says does not hold, or can not be tried at all; the message says where. */
export class ViewSpecError extends PrejoinError {
  constructor(view: string, problem: string, remedy: string) {
    super('view_spec_failed', `The spec of '${view}': ${problem}`, { remedy });
  }
}
