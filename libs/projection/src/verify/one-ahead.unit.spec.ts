import { describe, expect, it } from '@jest/globals';
import { oneAhead, PagedItems } from './one-ahead.js';

const page = (...items: readonly number[]): Promise<readonly number[]> => Promise.resolve(items);

async function* pagesOf(...pages: readonly (() => Promise<readonly number[]>)[]) {
  for (const next of pages) yield await next();
}

async function read(items: PagedItems<number>): Promise<readonly number[]> {
  const seen: number[] = [];
  for (;;) {
    const item = items.current ?? (await items.turn());
    if (item === undefined) return seen;
    seen.push(item);
    items.skip();
  }
}

describe('pages that are read one ahead', () => {
  it('give every item once and in order, empty pages or not', async () => {
    const pages = pagesOf(
      () => page(1, 2),
      () => page(),
      () => page(3),
      () => page(),
    );
    const items = new PagedItems(oneAhead(pages));
    expect(await read(items)).toEqual([1, 2, 3]);
    expect(await items.turn()).toBeUndefined();
  });

  it('are asked for while the one before is used, and no further', async () => {
    const asked: number[] = [];
    const pages = pagesOf(
      ...[1, 2, 3, 4].map((n) => () => {
        asked.push(n);
        return page(n);
      }),
    );
    const items = new PagedItems(oneAhead(pages));
    expect(await items.turn()).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toEqual([1, 2]);
    await items.end();
    expect(asked).toEqual([1, 2]);
  });

  it('fail where the fault is, and not before', async () => {
    const pages = pagesOf(
      () => page(1),
      () => Promise.reject(new Error('away')),
    );
    const items = new PagedItems(oneAhead(pages));
    expect(await items.turn()).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    items.skip();
    await expect(items.turn()).rejects.toThrow('away');
  });
});
