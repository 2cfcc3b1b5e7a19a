import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { id, list, many, one, ref, source, string, view } from '#views';
import { eventOf } from '../testing/deliveries.js';
import { openPipeline, type Pipeline } from '../testing/pipeline.js';

const article = source('article', { id: id(), name: string() });
const basket = source('basket', {
  id: id(),
  ownerId: ref(article),
  lines: list({ articleId: ref(article) }),
});
const baskets = view('baskets', basket, (b) => ({
  owner: one(b.ownerId, (o) => ({ id: o.id, name: o.name })),
  lines: many(b.lines, (line) => one(line.articleId, (a) => a.name)),
}));

/** What is special to a URL, to SQL, to JSON, to a pattern, to a sort by locale, and to nothing; and the longest one. */
const ids = [
  'SKU-00 17/ä',
  'a?b&c=d#e',
  "it's",
  '"quoted"',
  '{a,b}',
  '%_*\\',
  '100',
  'ä',
  'Z',
  '名前',
  '👩‍👩‍👧',
  'x'.repeat(128),
];

let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await openPipeline({ sources: [article, basket], view: baskets });
});
afterAll(() => pipeline.dispose());

describe('ids that are not UUIDs', () => {
  it('make copies, keys, look-ups and documents like any other', async () => {
    pipeline.startBuilder();
    pipeline.startFanOut();
    const basketOf = (rowId: string) =>
      eventOf('basket', rowId, 1, { ownerId: rowId, lines: [{ articleId: rowId }] });
    await pipeline.deliver(ids.map(basketOf));
    await pipeline.quiesce();
    // The articles come later, so that each basket is found again by its key.
    await pipeline.deliver(ids.map((rowId) => eventOf('article', rowId, 1, { name: `name of ${rowId}` })));
    await pipeline.quiesce();

    const documents = await pipeline.documents();
    expect([...documents.keys()].sort()).toEqual([...ids].sort());
    for (const rowId of ids) {
      const name = `name of ${rowId}`;
      expect(JSON.parse(documents.get(rowId)!)).toEqual({
        id: rowId,
        owner: { id: rowId, name },
        lines: [name],
      });
    }
  });

  it('are deleted one by one', async () => {
    const [first = ''] = ids;
    await pipeline.deliver([eventOf('basket', first, 2, null)]);
    await pipeline.quiesce();
    expect([...(await pipeline.documents()).keys()].sort()).toEqual(ids.slice(1).sort());
  });
});
