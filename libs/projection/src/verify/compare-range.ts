import { compareText } from '#views';
import type { KeyRange, ScannedDocument, ScanPosition, SearchIndex } from '#search';
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
 * do not agree: by content, byte for byte, or because the document's revision is above that of the snapshot.
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
    oneAhead(storedPages(context.index, generation.indexName, range, sizes.index, progress.stored)),
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
        if (!agree(made, found)) doubts.add(found.id);
        expected.skip();
        stored.skip();
      }
    }
  } finally {
    await Promise.all([expected.end(), stored.end()]);
  }
}

/** By byte, as the database and the index order: JavaScript's own order differs beyond the basic plane. */
function orderOf(made: ExpectedAt | undefined, found: ScannedDocument | undefined): number {
  if (made === undefined) return 1;
  if (found === undefined) return -1;
  return made.id === found.key ? 0 : compareText(made.id, found.key);
}

function agree(made: ExpectedAt, found: ScannedDocument): boolean {
  return 'body' in made && made.body === found.source && found.revision <= made.revision;
}

async function* storedPages(
  index: SearchIndex,
  indexName: string,
  range: KeyRange,
  size: BatchSize,
  onStored: (count: number) => void,
): AsyncGenerator<readonly ScannedDocument[], void, void> {
  let from: ScanPosition | null = null;
  do {
    const limit = size.current;
    const startedAt = performance.now();
    const page: Awaited<ReturnType<SearchIndex['scanRange']>> = await index.scanRange(
      indexName,
      range,
      from,
      limit,
    );
    const { documents } = page;
    size.note({ limit, used: documents.length, tookMs: performance.now() - startedAt, pushedBack: false });
    size.weigh(
      indexName,
      documents.length,
      documents.reduce((sum, { source }) => sum + source.length, 0),
    );
    yield documents;
    onStored(documents.length);
    from = page.next;
  } while (from !== null);
}
