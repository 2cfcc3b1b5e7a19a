import type { SearchIndex, WriteOperation, WriteOutcome } from '#search';

/** The answer that takes the place of the index's own, or null for that; `request` counts from 1. */
export type AnswerRule = (operation: WriteOperation, request: number) => WriteOutcome | null;

/** An index with some answers replaced; what is replaced is not written. `requests` holds what was to be written. */
export function replacingAnswers(
  real: SearchIndex,
  rule: AnswerRule,
): { readonly index: SearchIndex; readonly requests: readonly (readonly WriteOperation[])[] } {
  const requests: (readonly WriteOperation[])[] = [];
  const index: SearchIndex = {
    ...real,
    write: async (operations, deadlineMs) => {
      requests.push(operations);
      const replaced = operations.map((operation) => rule(operation, requests.length));
      const sent = operations.filter((_, at) => replaced[at] === null);
      const outcomes = [...(await real.write(sent, deadlineMs))];
      return replaced.map((outcome) => outcome ?? (outcomes.shift() as WriteOutcome));
    },
  };
  return { index, requests };
}
