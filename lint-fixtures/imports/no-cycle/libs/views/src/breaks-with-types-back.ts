import type { Parent } from './breaks-with-types.js';

export interface Child {
  readonly parent: Parent;
}
