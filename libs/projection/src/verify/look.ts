import { createHash } from 'node:crypto';
import type { Generation } from '../generations/generation.js';
import { currentRevision } from '../revision/snapshot.js';
import type { VerifyContext } from './context.js';
import { expectedOf, type Expected } from './expected.js';

/** One document as the copies make it and as the index holds it, at nearly one moment. Texts by their hashes. */
export interface Look {
  readonly id: string;
  /** Null when the copies make no document. */
  readonly made: string | null;
  /** Why the document can not be made; null when it can. */
  readonly fault: string | null;
  readonly stored: { readonly hash: string; readonly revision: number } | null;
  /** The stored revision is above one that was taken afterwards. */
  readonly ahead: boolean;
}

export interface Looks {
  /** When the first snapshot was there, by the database: whatever came before it is seen by all of them. */
  readonly at: string;
  readonly looks: readonly Look[];
}

/** The bodies of so many documents are held at once. */
const AT_ONCE = 250;

/**
 * Looks at some documents again: the copies in one snapshot, then the index by id, which sees what was written last.
 * In this order, since a document may then be newer than the copies that it is compared with, but never older than what
 * was built when the snapshot was taken.
 */
export async function lookAt(
  context: VerifyContext,
  generation: Generation,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<Looks> {
  let at = '';
  const looks: Look[] = [];
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    signal.throwIfAborted();
    const chunk = ids.slice(from, from + AT_ONCE);
    const expected = await expectedOf(context, generation, chunk);
    if (at === '') at = expected.at;
    const { deadlineMs } = context;
    const stored = await context.index.getMany(generation.indexName, chunk, { deadlineMs, signal });
    const newest = Math.max(...[...stored.values()].map(({ revision }) => revision));
    // Taken after the documents were read: what is above it was never given out by this database as it is.
    const fresh = newest > expected.revision ? await currentRevision(context.pool, deadlineMs) : newest;
    for (const id of chunk) {
      const found = stored.get(id);
      looks.push({
        id,
        ...madeOf(expected.byId.get(id)),
        stored: found === undefined ? null : { hash: textHash(found.source), revision: found.revision },
        ahead: found !== undefined && found.revision > fresh,
      });
    }
  }
  return { at, looks };
}

export function isEqual({ made, fault, stored, ahead }: Look): boolean {
  return fault === null && made === (stored?.hash ?? null) && !ahead;
}

/** Whether nothing at all happened to a document between two looks, on either side. */
export function isSame(one: Look, other: Look): boolean {
  return (
    one.made === other.made &&
    one.fault === other.fault &&
    one.stored?.hash === other.stored?.hash &&
    one.stored?.revision === other.stored?.revision
  );
}

function madeOf(expected: Expected | undefined): Pick<Look, 'made' | 'fault'> {
  if (expected === undefined) return { made: null, fault: null };
  if ('fault' in expected) return { made: null, fault: expected.fault };
  return { made: textHash(expected.body), fault: null };
}

function textHash(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
