import type { Child } from './breaks-with-types-back.js';

export interface Parent {
  readonly child: Child;
}
