import { diffDocuments, type DocumentDifference } from '#views';
import type { Generation } from '../generations/generation.js';
import type { VerifyContext } from '../verify/context.js';
import type { Difference } from '../verify/difference.js';
import { expectedOf } from '../verify/expected.js';

/** What a repair would change of one document. */
export interface Proposal {
  readonly difference: Difference;
  /** From what the index holds to what the copies make; empty when only the revision is wrong. */
  readonly changes: readonly DocumentDifference[];
  /** Why the document can not be made; null when it can. */
  readonly fault: string | null;
}

const AT_ONCE = 100;

/** What would be written, document by document, in the order given. It writes nothing. */
export async function* proposeRepairs(
  context: VerifyContext,
  generation: Generation,
  differences: readonly Difference[],
): AsyncGenerator<Proposal, void, void> {
  for (let from = 0; from < differences.length; from += AT_ONCE) {
    const chunk = differences.slice(from, from + AT_ONCE);
    const ids = chunk.map(({ id }) => id);
    const expected = await expectedOf(context, generation, ids);
    const { deadlineMs } = context;
    const stored = await context.index.getMany(generation.indexName, ids, { deadlineMs });
    for (const difference of chunk) {
      const made = expected.byId.get(difference.id);
      const before = stored.get(difference.id);
      yield {
        difference,
        changes: diffDocuments(
          before === undefined ? null : JSON.parse(before.source),
          made === undefined || 'fault' in made ? null : JSON.parse(made.body),
        ),
        fault: made !== undefined && 'fault' in made ? made.fault : null,
      };
    }
  }
}
