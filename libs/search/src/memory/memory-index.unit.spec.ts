import { expect, test } from '@jest/globals';
import { searchIndexContract } from '../search-index.contract.js';
import { countingContract } from '../counting.contract.js';
import { searchingContract } from '../searching.contract.js';
import { put, type ContractSubject } from '../search-index.contract.js';
import type { PointInTime, SearchRequest } from '../search-index.js';
import { orderPlan } from '../testing/order-plan.js';
import { memoryIndex } from './memory-index.js';

const open = (): Promise<ContractSubject> => {
  const index = memoryIndex();
  return Promise.resolve({ index, prefix: 'memory-', dispose: () => index.close() });
};

searchIndexContract('The memory index', open);
searchingContract('The memory index', open);
countingContract('The memory index', open);

test('what is written again and again is found as it is now, and by held states as it was', async () => {
  const index = memoryIndex();
  const deadlineMs = 1_000;
  await index.create('orders', orderPlan);
  const found = async (pointInTime?: PointInTime): Promise<string[]> => {
    const request: SearchRequest = {
      where: { kind: 'condition', field: 'lines.quantity', op: 'gte', values: [2] },
      ...{ q: 'lamp', in: null, sort: [{ field: 'total', descending: true, nulls: 'last' as const }] },
      ...{ fields: null, limit: 9, after: null, offset: 0 },
      ...(pointInTime === undefined ? {} : { pointInTime }),
    };
    const { hits } = await index.search('orders', orderPlan, request, { deadlineMs });
    return hits.map(({ id, sortValues }) => `${id}: ${String(sortValues[0])}`);
  };
  const order = (total: number): object => ({
    total,
    note: 'a lamp',
    lines: [{ quantity: 1 }, { quantity: 2 }],
  });
  await index.write([put('orders', 'kept', 1, order(5)), put('orders', 'a', 1, order(0))], deadlineMs);
  const held = { id: await index.openPointInTime('orders', 60_000), keepMs: 60_000 };
  // More than a table keeps of what is past, so that it is made anew on the way.
  for (let total = 1; total <= 2_500; total += 1)
    await index.write([put('orders', 'a', total, order(total))], deadlineMs);
  expect(await found()).toEqual(['a: 2500', 'kept: 5']);
  expect(await found(held)).toEqual(['kept: 5', 'a: 0']);
  expect(
    (await index.scanRange('orders', { after: null, to: null }, null, 9)).documents.map(({ id }) => id),
  ).toEqual(['a', 'kept']);
});
