import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  compile,
  compute,
  computesOf,
  count,
  describe as described,
  id,
  int,
  list,
  many,
  nullable,
  one,
  oneOf,
  ref,
  self,
  source,
  string,
  view,
  type AnyView,
} from '#views';
import { readGenerations } from '../generations/generation.js';
import { openBuilding, type Building } from '../testing/building.js';
import { change } from '../testing/shop.js';
import { diffView, type DiffOptions } from './diff-view.js';

const customer = source('customer', { id: id(), name: string(), note: nullable(string()) });
const was = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('pending', 'confirmed'),
  total: int(),
  lines: list({ sku: string(), quantity: int() }),
});
const served = view('order-search', was, (o) => ({
  total: o.total,
  status: o.status,
  customer: one(o.customerId, (c) => ({ name: c.name })),
  lines: many(o.lines, (l) => ({ quantity: l.quantity })),
  net: compute(int(), [o.total], (total) => total - 1),
}));

// As the next release declares them. The events hold it all: what a view does not read is kept as it came.
const depot = source('depot', { id: id(), city: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  parentId: nullable(self()),
  depotId: nullable(ref(depot)),
  status: oneOf('pending', 'confirmed'),
  total: int(),
  lines: list({ sku: string(), quantity: int() }),
});
const sources = [customer, order, depot].map(described);

let world: Building;
let nextVersion = 1;
const orderOf = (rowId: string, more: Readonly<Record<string, unknown>>) =>
  change('order', rowId, nextVersion++, {
    customerId: 'c1',
    parentId: null,
    depotId: 'd1',
    status: 'pending',
    total: 10,
    lines: [
      { sku: 'a', quantity: 1 },
      { sku: 'b', quantity: 2 },
    ],
    ...more,
  });

async function diff(of: AnyView, more: Partial<DiffOptions> = {}) {
  const [generation] = await readGenerations(world.pool, 'order-search');
  if (generation === undefined) throw new Error('the view has no generation');
  return diffView({
    pool: world.pool,
    generation,
    plan: compile(of),
    computes: computesOf(of),
    sources,
    choice: { kind: 'all' },
    ...more,
  });
}
/** Everything that a comparison could add to the copies. */
async function catalogue(): Promise<readonly object[]> {
  const { rows } = await world.pool.query<object>(
    `SELECT relname, attname, NULL AS indexdef FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
     WHERE starts_with(relname, 'copy_') AND attnum > 0
     UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE starts_with(tablename, 'copy_')
     ORDER BY 1, 2`,
  );
  return rows;
}

beforeAll(async () => {
  world = await openBuilding({ sources: [customer, was].map(described), computes: computesOf(served) });
  await world.ensure(compile(served));
  await world.apply(
    change('customer', 'c1', nextVersion++, { name: 'Ann', note: 'first' }),
    change('customer', 'c2', nextVersion++, { name: 'Ben', note: null }),
    orderOf('o1', {}),
    orderOf('o2', { parentId: 'o1', total: 30 }),
    orderOf('o3', { parentId: 'o1', total: 20, status: 'confirmed' }),
    orderOf('o4', { customerId: 'c2', lines: [] }),
    orderOf('o5', { customerId: 'c9' }),
    orderOf('gone', {}),
  );
  await world.apply(change('order', 'gone', nextVersion++, null));
}, 30_000);
afterAll(() => world.dispose());

describe('a declaration compared with what is served', () => {
  it('changes nothing when it is the stored plan', async () => {
    expect(await diff(served)).toMatchObject({ samePlan: true, compared: 0, planChanges: [], roots: 5 });
  });

  it('tells each field that changes, in how many documents, with examples, and tells null from absent', async () => {
    const declared = view('order-search', order, (o) => ({
      total: o.total,
      customer: one(o.customerId, (c) => ({ name: c.name, note: c.note })),
      lines: many(o.lines, { where: { quantity: { gt: 1 } } }, (l) => ({ quantity: l.quantity })),
      net: compute(int(), [o.total], (total) => total - 1),
    }));
    const found = await diff(declared);
    expect(found).toMatchObject({
      samePlan: false,
      complete: true,
      compared: 5,
      changed: { count: 5, ids: ['o1', 'o2', 'o3'] },
      added: { count: 0 },
      removed: { count: 0 },
      notCompared: [],
      skipped: [],
    });
    expect(found.planChanges.map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('status: field removed'),
        expect.stringContaining('customer.note: field added'),
      ]),
    );
    const fields = new Map(
      found.fields.map(({ field, documents, examples }) => [field, { documents, first: examples[0] }]),
    );
    expect(fields).toEqual(
      new Map([
        ['status', { documents: 5, first: { id: 'o1', before: 'pending', after: undefined } }],
        ['customer.note', { documents: 4, first: { id: 'o1', before: undefined, after: 'first' } }],
        ['lines[].quantity', { documents: 4, first: { id: 'o1', before: 1, after: 2 } }],
        ['lines[]', { documents: 4, first: { id: 'o1', before: { quantity: 2 }, after: undefined } }],
      ]),
    );
    expect(found.fields.find(({ field }) => field === 'customer.note')?.examples.at(-1)).toEqual({
      id: 'o3',
      before: undefined,
      after: 'first',
    });
  });

  it('needs nothing of what a rebuild would add: keys, columns, indexes and copies that are not there', async () => {
    const declared = view('order-search', order, (o) => ({
      total: o.total,
      status: o.status,
      customer: one(o.customerId, (c) => ({
        name: c.name,
        open: count(order.customerId, { where: { status: 'pending' } }),
        best: many(order.customerId, { sort: '-total', limit: 1 }, (other) => other.id),
      })),
      lines: many(o.lines, (l) => ({ quantity: l.quantity })),
      net: compute(int(), [o.total], (total) => total - 1),
      children: many(order.parentId, { sort: '-total', limit: 5 }, (child) => child.id),
      depot: one(o.depotId, (d) => d.city),
    }));
    const before = await catalogue();
    const found = await diff(declared, { choice: { kind: 'ids', ids: ['o1', 'o5'] } });
    expect(await catalogue()).toEqual(before);
    expect(found.withoutCopies).toEqual(['depot']);
    expect(Object.fromEntries(found.fields.map(({ field, examples }) => [field, examples]))).toEqual({
      'customer.open': [{ id: 'o1', before: undefined, after: 2 }],
      'customer.best': [{ id: 'o1', before: undefined, after: ['o2'] }],
      children: [
        { id: 'o1', before: undefined, after: ['o2', 'o3'] },
        { id: 'o5', before: undefined, after: [] },
      ],
      depot: [
        { id: 'o1', before: undefined, after: null },
        { id: 'o5', before: undefined, after: null },
      ],
    });
  });

  it('tells documents that would come and go', async () => {
    const declared = view('order-search', order, { where: { status: 'pending' } }, (o) => ({
      total: o.total,
      status: o.status,
      customer: one(o.customerId, { required: true }, (c) => ({ name: c.name })),
      lines: many(o.lines, (l) => ({ quantity: l.quantity })),
      net: compute(int(), [o.total], (total) => total - 1),
    }));
    expect(await diff(declared)).toMatchObject({
      changed: { count: 0 },
      removed: { count: 2, ids: ['o3', 'o5'] },
      fields: [],
    });
  });

  it('names the fields that a function made which is another one now, and compares all others', async () => {
    const declared = view('order-search', order, (o) => ({
      total: o.total,
      status: o.status,
      customer: one(o.customerId, (c) => ({ name: c.name })),
      lines: many(o.lines, (l) => ({ quantity: l.quantity })),
      net: compute(int(), [o.total], (total) => total - 2),
    }));
    expect(await diff(declared)).toMatchObject({ notCompared: ['net'], compared: 5, changed: { count: 0 } });
  });

  it('tells documents that the new declaration can not make', async () => {
    const declared = view('order-search', order, (o) => ({
      total: compute(int(), [o.total], (total) => {
        if (total > 20) throw new Error('too much');
        return total;
      }),
    }));
    expect(await diff(declared)).toMatchObject({
      faults: { count: 1, examples: [{ id: 'o2', reason: expect.stringContaining('too much') }] },
    });
  });

  it('compares a sample that is spread over all ids, the same each time', async () => {
    const declared = view('order-search', order, (o) => ({ total: o.total }));
    const seen: number[] = [];
    const sampled = () =>
      diff(declared, {
        choice: { kind: 'sample', count: 2 },
        onProgress: (done, total) => void seen.push(done, total),
      });
    const found = await sampled();
    expect(found).toMatchObject({ compared: 2, roots: 5, changed: { count: 2, ids: ['o3', 'o5'] } });
    expect(await sampled()).toEqual(found);
    expect(seen).toEqual([2, 2, 2, 2]);
    expect(await diff(declared, { choice: { kind: 'sample', count: 99 } })).toMatchObject({ compared: 5 });
  });
});
