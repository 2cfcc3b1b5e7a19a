import { isDeepStrictEqual } from 'node:util';
import { PrejoinError, sleep } from '#kernel';
import { expectedOrders } from './expected.js';
import type { World } from './world.js';

export interface CheckResult {
  readonly right: number;
  /** Expected and not served. */
  readonly missing: readonly string[];
  /** Served and not expected. */
  readonly extra: readonly string[];
  /** Served with other content than expected. */
  readonly different: readonly {
    readonly id: string;
    readonly expected: unknown;
    readonly served: unknown;
  }[];
}

/** Compares every served order with the one that follows from the commands' answers, in both directions. */
export async function checkOrders(world: World, queryUrl: string): Promise<CheckResult> {
  const expected = expectedOrders(world);
  const served = await servedOrders(queryUrl);
  const different = [...expected].flatMap(([id, document]) => {
    const other = served.get(id);
    return other === undefined || isDeepStrictEqual(other, document)
      ? []
      : [{ id, expected: document, served: other }];
  });
  const missing = [...expected.keys()].filter((id) => !served.has(id));
  return {
    right: expected.size - missing.length - different.length,
    missing,
    extra: [...served.keys()].filter((id) => !expected.has(id)),
    different,
  };
}

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
    const result = await checkOrders(world, queryUrl);
    options.onCheck?.(result);
    if (isRight(result) || performance.now() >= giveUpAt || options.signal?.aborted) return result;
    await sleep(250, options.signal);
  }
}

/** All documents of order-search, page by page through the public API. */
async function servedOrders(queryUrl: string): Promise<Map<string, unknown>> {
  const documents = new Map<string, unknown>();
  let query: string | null = 'limit=100&sort=id';
  while (query !== null) {
    const response = await fetch(`${queryUrl}/views/order-search?${query}`);
    const text = await response.text();
    if (!response.ok)
      throw new PrejoinError('demo_query_failed', `The query API answered ${response.status}: ${text}`);
    const page = JSON.parse(text) as { data: { id: string }[]; next: string | null };
    for (const document of page.data) documents.set(document.id, document);
    query = page.next === null ? null : `cursor=${encodeURIComponent(page.next)}`;
  }
  return documents;
}
