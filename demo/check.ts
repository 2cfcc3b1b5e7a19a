import { isDeepStrictEqual } from 'node:util';
import { PrejoinError, sleep } from '#kernel';
import { expectedDocuments, type ViewName } from './expected/documents.js';
import type { World } from './world.js';

export interface CheckResult {
  /** How many documents of each view are served as they should be. */
  readonly right: Readonly<Record<ViewName, number>>;
  /** Expected and not served, as `order-search/<id>`. */
  readonly missing: readonly string[];
  /** Served and not expected. */
  readonly extra: readonly string[];
  /** Served with other content than expected. */
  readonly different: readonly Different[];
}

interface Different {
  readonly id: string;
  readonly expected: unknown;
  readonly served: unknown;
}

/** Compares every served document with the one that follows from the commands' answers, in both directions. */
export async function checkDocuments(world: World, queryUrl: string): Promise<CheckResult> {
  const right: Record<ViewName, number> = { ...noneRight };
  const missing: string[] = [];
  const extra: string[] = [];
  const different: Different[] = [];
  for (const [view, expected] of Object.entries(expectedDocuments(world)) as [ViewName, Documents][]) {
    const served = await servedDocuments(view, queryUrl);
    for (const [id, document] of expected) {
      const other = served.get(id);
      if (other === undefined) missing.push(`${view}/${id}`);
      else if (isDeepStrictEqual(other, document)) right[view] += 1;
      else different.push({ id: `${view}/${id}`, expected: document, served: other });
    }
    for (const id of served.keys()) if (!expected.has(id)) extra.push(`${view}/${id}`);
  }
  return { right, missing, extra, different };
}

type Documents = ReadonlyMap<string, unknown>;
const noneRight = { 'order-search': 0, 'customer-overview': 0, 'product-demand': 0, 'shipment-tracking': 0 };

export function isRight({ missing, extra, different }: CheckResult): boolean {
  return missing.length + extra.length + different.length === 0;
}

/** Checks again and again until all is right, the time is over or the signal aborts; the last result is returned. */
export async function untilRight(
  world: World,
  queryUrl: string,
  options: {
    readonly deadlineMs: number;
    readonly onCheck?: (result: CheckResult) => void;
    readonly signal?: AbortSignal;
  },
): Promise<CheckResult> {
  const giveUpAt = performance.now() + options.deadlineMs;
  for (;;) {
    const result = await checkDocuments(world, queryUrl);
    options.onCheck?.(result);
    if (isRight(result) || performance.now() >= giveUpAt || options.signal?.aborted) return result;
    await sleep(250, options.signal);
  }
}

/** All documents of a view, page by page through the public API. */
async function servedDocuments(view: ViewName, queryUrl: string): Promise<Documents> {
  const documents = new Map<string, unknown>();
  let query: string | null = 'limit=100&sort=id';
  while (query !== null) {
    const response = await fetch(`${queryUrl}/views/${view}?${query}`);
    const text = await response.text();
    if (!response.ok)
      throw new PrejoinError('demo_query_failed', `The query API answered ${response.status}: ${text}`);
    const page = JSON.parse(text) as { data: { id: string }[]; next: string | null };
    for (const document of page.data) documents.set(document.id, document);
    query = page.next === null ? null : `cursor=${encodeURIComponent(page.next)}`;
  }
  return documents;
}
