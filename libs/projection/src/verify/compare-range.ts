import { compareText } from '#views';
import type { KeyRange, ScannedDocument, ScanPosition } from '#search';
import type { BatchSize } from '../flow/batch-size.js';
import type { Generation } from '../generations/generation.js';
import type { VerifyContext } from './context.js';
import { expectedPages, type ExpectedAt } from './expected.js';
import { oneAhead, PagedItems } from './one-ahead.js';

/** Where the ids go whose documents did not agree at first sight. */
export interface Doubts {
  add(id: string): void;
  /** Waits while there are more than should be held. */
  room(): Promise<void>;
}

export interface RangeProgress {
  /** Roots of the copies, documents of the index. */
  readonly roots: (count: number) => void;
  readonly stored: (count: number) => void;
}

export interface PageSizes {
  readonly copies: BatchSize;
  readonly index: BatchSize;
}

/**
 * Walks the copies and the index through one key range side by side, both in id order, and names every id at which they
 * do not agree: by content, byte for byte, or because the document's revision is above that of the snapshot. Where it is
 * known what was written, the index tells revisions alone, and a document that was not written so does not agree.
 *
 * The two are not read at the same moment, and search sees a write a second late, so this is a reason to look again and
 * no more. It holds two pages of each side; while one is compared the next is read.
 */
export async function compareRange(
  context: VerifyContext,
  generation: Generation,
  range: KeyRange,
  sizes: PageSizes,
  doubts: Doubts,
  progress: RangeProgress,
  signal: AbortSignal,
): Promise<void> {
  const expected = new PagedItems(
    oneAhead(expectedPages(context, generation, range, sizes.copies, progress.roots)),
  );
  const stored = new PagedItems(
    oneAhead(storedPages(context, generation.indexName, range, sizes.index, progress.stored)),
  );
  const turned = async <T>(items: PagedItems<T>): Promise<T | undefined> => {
    signal.throwIfAborted();
    await doubts.room();
    return items.turn();
  };
  try {
    for (;;) {
      const made = expected.current ?? (await turned(expected));
      const found = stored.current ?? (await turned(stored));
      if (made === undefined && found === undefined) return;
      const order = orderOf(made, found);
      if (made !== undefined && order < 0) {
        doubts.add(made.id);
        expected.skip();
      } else if (found !== undefined && (order > 0 || found.id !== found.key)) {
        // One that stands under another id than its own; the document that belongs here may come next.
        doubts.add(found.id);
        stored.skip();
      } else if (made !== undefined && found !== undefined) {
        if (!agree(context, made, found)) doubts.add(found.id);
        expected.skip();
        stored.skip();
      }
    }
  } finally {
    await Promise.all([expected.end(), stored.end()]);
  }
}

/** By byte, as the database and the index order: JavaScript's own order differs beyond the basic plane. */
function orderOf(made: ExpectedAt | undefined, found: StoredAt | undefined): number {
  if (made === undefined) return 1;
  if (found === undefined) return -1;
  return made.id === found.key ? 0 : compareText(made.id, found.key);
}

function agree({ written }: VerifyContext, made: ExpectedAt, found: StoredAt): boolean {
  if (!('body' in made) || found.revision > made.revision) return false;
  if (found.source !== null) return made.body === found.source;
  return written?.holds(found.revision, made.body) === true;
}

/** A document of the index; without its text, and then by its key alone, where revisions are all that is asked for. */
type StoredAt = Omit<ScannedDocument, 'source'> & { readonly source: string | null };

const REVISION_BYTES = 100;

async function* storedPages(
  { index, written }: VerifyContext,
  indexName: string,
  range: KeyRange,
  size: BatchSize,
  onStored: (count: number) => void,
): AsyncGenerator<readonly StoredAt[], void, void> {
  let from: ScanPosition | null = null;
  do {
    const limit = size.current;
    const startedAt = performance.now();
    const page: { readonly documents: readonly StoredAt[]; readonly next: ScanPosition | null } =
      written === undefined
        ? await index.scanRange(indexName, range, from, limit)
        : await revisions(index, indexName, range, from, limit);
    const { documents } = page;
    size.note({ limit, used: documents.length, tookMs: performance.now() - startedAt, pushedBack: false });
    size.weigh(
      indexName,
      documents.length,
      documents.reduce((sum, { source }) => sum + (source?.length ?? REVISION_BYTES), 0),
    );
    yield documents;
    onStored(documents.length);
    from = page.next;
  } while (from !== null);
}

async function revisions(
  index: VerifyContext['index'],
  ...asked: Parameters<VerifyContext['index']['scanRevisions']>
): Promise<{ readonly documents: readonly StoredAt[]; readonly next: ScanPosition | null }> {
  const { documents, next } = await index.scanRevisions(...asked);
  return { documents: documents.map((one) => ({ ...one, id: one.key, source: null })), next };
}
