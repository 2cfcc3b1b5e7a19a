import type { SearchIndex, WriteOperation, WriteOutcome } from '../search-index.js';

const long = 'x'.repeat(40_000);

/** Four documents of `orderPlan`, by id, that differ in whatever a search can ask for. */
export const orders: Record<string, object> = {
  a: {
    status: 'pending',
    total: 1000,
    weight: 1.5,
    placedAt: '2026-05-01T00:00:00.000Z',
    dueOn: '2026-06-01',
    gift: true,
    tags: ['red', 'blue'],
    at: { lat: 1, lon: 2 },
    customer: { id: 'c1', name: 'Anna Schmidt', tier: 'gold' },
    payment: { status: 'paid', paidAt: '2026-05-02T10:00:00.000Z' },
    lines: [
      { quantity: 2, product: { sku: 'A', name: 'Blue lamp' } },
      { quantity: 5, product: { sku: 'B', name: 'Red chair' } },
    ],
    codes: [
      { code: 'x', count: 1 },
      { code: 'y', count: 9 },
    ],
    note: 'Please deliver on a sunny morning',
  },
  b: {
    status: 'confirmed',
    total: 2000,
    weight: -0.25,
    placedAt: '2026-05-31T23:59:59.999Z',
    dueOn: '2026-05-30',
    gift: false,
    tags: [],
    customer: { id: 'c2', name: 'bert brecht', tier: 'basic' },
    payment: null,
    lines: [{ quantity: 5, product: { sku: 'A', name: 'Blue sale lamp' } }],
    codes: [{ code: 'x', count: 9 }],
    note: 'lamp lamp lamp',
  },
  c: {
    status: 'cancelled',
    total: 3000,
    weight: null,
    placedAt: '2026-06-15T12:00:00.000Z',
    dueOn: null,
    gift: null,
    tags: ['blue'],
    customer: null,
    payment: { status: 'due', paidAt: null },
    lines: [],
    codes: [],
    note: null,
  },
  d: {
    status: long,
    total: null,
    weight: 7,
    placedAt: null,
    dueOn: '2026-01-01',
    gift: true,
    tags: ['green'],
    customer: { id: 'c4', name: 'Émile Zola', tier: 'gold' },
    payment: { status: 'paid', paidAt: '2026-05-02T10:00:00.000Z' },
    lines: [{ quantity: 1, product: null }],
    codes: null,
    note: '',
  },
};

/** Writes them into an index that is there. */
export async function writeOrders(search: SearchIndex, index: string): Promise<readonly WriteOutcome[]> {
  const operations = Object.entries(orders).map(([id, order]): WriteOperation => ({
    kind: 'index',
    index,
    id,
    revision: 1,
    body: JSON.stringify({ id, ...order }),
  }));
  const outcomes = await search.write(operations, 20_000);
  await search.refresh(index);
  return outcomes;
}
