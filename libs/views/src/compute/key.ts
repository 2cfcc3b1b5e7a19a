import type { ComputeExpression } from '../shape/expressions.js';
import { shortHash } from '../plan/canonical.js';

/**
 * The name that a plan knows a compute function by. Without a version it is a hash of the function's text, in which
 * runs of white space count as one, so that the indentation of a compiler's output does not matter. tsc and swc may
 * still print the same source differently (quotes, parentheses): an image must be built by the compiler that built the
 * one before it, or its generations count as new and are rebuilt.
 */
export function computeKey(expression: ComputeExpression, path: string): string {
  if (expression.version !== null) return `v:${path}:${expression.version}`;
  return shortHash(expression.run.toString().replace(/\s+/g, ' '));
}
