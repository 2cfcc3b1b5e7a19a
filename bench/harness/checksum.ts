import { createHash } from 'node:crypto';
import type { SearchIndex } from '#search';
import type { ReadyDocument } from '../arms/raw-bulk.js';

const PAGE = 2_000;

/** Every document of an index as search sees it, in id order. */
export async function* documentsOf(
  index: SearchIndex,
  name: string,
): AsyncGenerator<ReadyDocument, void, void> {
  for (let after: string | null = null; ;) {
    const page: Awaited<ReturnType<SearchIndex['scan']>> = await index.scan(name, after, PAGE);
    yield* page;
    after = page.at(-1)?.id ?? null;
    if (page.length < PAGE) return;
  }
}

/** How many documents an index has, and a hash over the ids and bytes of all of them. */
export async function checksum(
  index: SearchIndex,
  name: string,
): Promise<{ readonly documents: number; readonly hash: string }> {
  await index.refresh(name);
  const hash = createHash('sha256');
  let documents = 0;
  for await (const { id, source } of documentsOf(index, name)) {
    hash.update(`${id}\n${source}\n`);
    documents += 1;
  }
  return { documents, hash: hash.digest('hex') };
}
