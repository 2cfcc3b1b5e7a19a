import fc from 'fast-check';
import {
  array,
  assemble,
  avg,
  compile,
  compute,
  computesOf,
  count,
  id,
  instant,
  int,
  list,
  loadFrom,
  many,
  markedRoots,
  max,
  min,
  nullable,
  one,
  oneOf,
  orElse,
  ref,
  source,
  string,
  sum,
  view,
  type Computes,
  type LoadedRow,
  type Plan,
} from '../index.js';
import type { AnyView } from '../plan/compile.js';

const person = source('person', { id: id(), name: string(), rank: nullable(int()) });
const product = source('product', { id: id(), sku: string() });
const order = source('order', {
  id: id(),
  personId: nullable(ref(person)),
  status: oneOf('open', 'closed'),
  at: nullable(instant()),
  lines: list({ productId: ref(product), units: nullable(int()) }),
});
const task = source('task', { id: id(), whoIds: array(ref(person)) });

const products = view('products', product, () => ({
  units: sum(order.lines.productId, (l) => l.units, {
    where: { units: { gt: 0 }, parent: { status: 'open' } },
  }),
  lines: count(order.lines.productId),
  orders: count(order.lines.productId, { distinct: (l) => l.parent.id, where: { units: { exists: true } } }),
  lastAt: max(order.lines.productId, (l) => l.parent.at),
  latest: many(
    order.lines.productId,
    {
      where: { parent: { or: [{ status: 'open' }, { at: null }] } },
      sort: ['-parent.at', 'units'],
      limit: 2,
    },
    (l) => ({
      units: l.units,
      order: l.parent.id,
      who: one(l.parent.personId, (p) => p.name),
      all: many(l.parent.lines, (other) => one(other.productId, (p) => p.sku)),
    }),
  ),
  most: one(order.lines.productId, { sort: '-units', where: { units: { gte: 1 } } }, (l) => l.parent.id),
}));

const orders = view('orders', order, (o) => ({
  units: sum(o.lines, (l) => l.units),
  mean: avg(o.lines, (l) => l.units, { where: { units: { gt: 0 } } }),
  kinds: count(o.lines, { distinct: (l) => l.productId }),
  person: one(o.personId, (p) => ({
    name: p.name,
    orders: count(order.personId),
    open: compute(int(), [count(order.personId, { where: { status: 'open' } })], (n) => n * 2),
    firstAt: min(order.personId, (other) => other.at),
  })),
}));

const tasks = view('tasks', task, (t) => ({
  people: count(t.whoIds, { where: { rank: { exists: true } } }),
  best: orElse(
    max(t.whoIds, (p) => p.rank),
    -1,
  ),
}));

const people = view('people', person, () => ({
  tasks: count(task.whoIds),
  orders: many(order.personId, { sort: '-at', limit: 2 }, (o) => ({ units: sum(o.lines, (l) => l.units) })),
  mates: many(task.whoIds, { limit: 'unbounded' }, (t) => ({ names: many(t.whoIds, (p) => p.name) })),
}));

interface World {
  readonly person: readonly LoadedRow[];
  readonly product: readonly LoadedRow[];
  readonly order: readonly LoadedRow[];
  readonly task: readonly LoadedRow[];
}
const everyId = ['a', 'b', 'c', 'd'];
const key = fc.constantFrom('a', 'b', 'c');
const few = fc.option(fc.integer({ min: -1, max: 2 }));
const at = fc.option(fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'));
const rows = (data: fc.Arbitrary<Record<string, unknown>>): fc.Arbitrary<LoadedRow[]> =>
  fc
    .uniqueArray(fc.record({ id: fc.constantFrom(...everyId), data }), { selector: (row) => row.id })
    .map((all) => all.map((row) => ({ id: row.id, data: { ...row.data, id: row.id } })));
const world: fc.Arbitrary<World> = fc.record({
  person: rows(fc.record({ name: fc.constantFrom('ann', 'bob'), rank: few })),
  product: rows(fc.record({ sku: fc.constantFrom('x', 'y') })),
  order: rows(
    fc.record({
      personId: fc.option(key),
      status: fc.constantFrom('open', 'closed'),
      at,
      lines: fc.array(fc.record({ productId: key, units: few }), { maxLength: 3 }),
    }),
  ),
  task: rows(fc.record({ whoIds: fc.uniqueArray(key, { maxLength: 3 }) })),
});

// What follows knows nothing of plans: loops over whole tables, one line of each view at a time.

interface Line {
  readonly productId: string;
  readonly units: number | null;
}
interface Order {
  readonly id: string;
  readonly personId: string | null;
  readonly status: string;
  readonly at: string | null;
  readonly lines: readonly Line[];
}
const dataOf = <T>(table: readonly LoadedRow[]) =>
  table.map((row) => row.data as T).sort((x, y) => up((x as { id: string }).id, (y as { id: string }).id));
const ordersIn = (all: World) => dataOf<Order>(all.order);
const peopleIn = (all: World) => dataOf<{ id: string; name: string; rank: number | null }>(all.person);
const tasksIn = (all: World) => dataOf<{ id: string; whoIds: readonly string[] }>(all.task);
const skuOf = (all: World, wanted: string) =>
  all.product.find((row) => row.id === wanted)?.data['sku'] ?? null;
const isPresent = <T>(value: T | null | undefined): value is T => value !== null && value !== undefined;
const up = (x: number | string, y: number | string) => (x < y ? -1 : x > y ? 1 : 0);
const last = (x: number | string | null, y: number | string | null, direction: 1 | -1) =>
  x === y ? 0 : x === null ? 1 : y === null ? -1 : direction * up(x, y);
const total = (numbers: readonly (number | null)[]) =>
  numbers.filter(isPresent).reduce((so, one_) => so + one_, 0);
const greatest = <T extends number | string>(values: readonly (T | null)[]) =>
  values.filter(isPresent).sort((x, y) => up(y, x))[0] ?? null;

function productDocument(all: World, wanted: string): unknown {
  const lines = ordersIn(all).flatMap((o) =>
    o.lines.map((line, position) => ({ line, o, position })).filter(({ line }) => line.productId === wanted),
  );
  const latest = lines
    .filter(({ o }) => o.status === 'open' || o.at === null)
    .sort(
      (x, y) =>
        last(x.o.at, y.o.at, -1) ||
        last(x.line.units, y.line.units, 1) ||
        up(x.o.id, y.o.id) ||
        x.position - y.position,
    );
  const most = lines
    .filter(({ line }) => line.units !== null && line.units >= 1)
    .sort((x, y) => last(x.line.units, y.line.units, -1) || up(x.o.id, y.o.id) || x.position - y.position);
  return {
    id: wanted,
    units: total(lines.map(({ line, o }) => (o.status === 'open' && line.units! > 0 ? line.units : 0))),
    lines: lines.length,
    orders: new Set(lines.filter(({ line }) => line.units !== null).map(({ o }) => o.id)).size,
    lastAt: greatest(lines.map(({ o }) => o.at)),
    latest: latest.slice(0, 2).map(({ line, o }) => ({
      units: line.units,
      order: o.id,
      who: peopleIn(all).find((p) => p.id === o.personId)?.name ?? null,
      all: o.lines.map((other) => skuOf(all, other.productId)).filter(isPresent),
    })),
    most: most[0]?.o.id ?? null,
  };
}

function orderDocument(all: World, wanted: string): unknown {
  const o = ordersIn(all).find((one_) => one_.id === wanted);
  const positive = o?.lines.map((line) => line.units).filter((units) => units !== null && units > 0) ?? [];
  const who = peopleIn(all).find((p) => p.id === o?.personId);
  const theirs = ordersIn(all).filter((other) => other.personId === who?.id);
  const times = theirs.map((other) => other.at).filter(isPresent);
  return {
    id: wanted,
    units: total(o?.lines.map((line) => line.units) ?? []),
    mean: positive.length === 0 ? null : total(positive) / positive.length,
    kinds: new Set(o?.lines.map((line) => line.productId)).size,
    person:
      who === undefined
        ? null
        : {
            name: who.name,
            orders: theirs.length,
            open: 2 * theirs.filter((other) => other.status === 'open').length,
            firstAt: times.sort(up)[0] ?? null,
          },
  };
}

function taskDocument(all: World, wanted: string): unknown {
  const whoIds = tasksIn(all).find((t) => t.id === wanted)?.whoIds ?? [];
  const who = peopleIn(all).filter((p) => whoIds.includes(p.id));
  return {
    id: wanted,
    people: who.filter((p) => p.rank !== null).length,
    best: greatest(who.map((p) => p.rank)) ?? -1,
  };
}

function personDocument(all: World, wanted: string): unknown {
  const theirs = tasksIn(all).filter((t) => t.whoIds.includes(wanted));
  const own = ordersIn(all)
    .filter((o) => o.personId === wanted)
    .sort((x, y) => last(x.at, y.at, -1) || up(x.id, y.id));
  const nameOf = (who: string) => peopleIn(all).find((p) => p.id === who)?.name;
  return {
    id: wanted,
    tasks: theirs.length,
    orders: own.slice(0, 2).map((o) => ({ units: total(o.lines.map((line) => line.units)) })),
    mates: theirs.map((t) => ({ names: t.whoIds.map(nameOf).filter(isPresent) })),
  };
}

type Naive = (all: World, id: string) => unknown;

function documentsOf(plan: Plan, computes: Computes, all: World): ReadonlyMap<string, unknown> {
  const loaded = loadFrom(plan, everyId, { ...all });
  const made = assemble(plan, everyId, loaded, computes);
  return new Map(made.map((one_) => [one_.id, 'fault' in one_ ? one_.fault : one_.document]));
}

describe.each<[string, AnyView, keyof World, Naive]>([
  ['products', products, 'product', productDocument],
  ['orders', orders, 'order', orderDocument],
  ['tasks', tasks, 'task', taskDocument],
  ['people', people, 'person', personDocument],
])('documents of %s with roll-ups and joins over list items', (_name, declared, root, naive) => {
  const plan = compile(declared);
  const computes = computesOf(declared);

  it('are those of independent loops over the tables, for any rows', () => {
    fc.assert(
      fc.property(world, (all) => {
        const expected = everyId.map((rootId) => {
          const exists = all[root].some((row) => row.id === rootId);
          return [rootId, exists ? naive(all, rootId) : null];
        });
        expect([...documentsOf(plan, computes, all)]).toEqual(expected);
      }),
      { numRuns: 250 },
    );
  });

  it('change only when the routes of the plan lead to them, whatever changes at once', () => {
    fc.assert(
      fc.property(
        world,
        world,
        fc.subarray(['person', 'product', 'order', 'task']),
        (old, other, changed) => {
          const now: World = {
            ...old,
            ...Object.fromEntries(changed.map((name) => [name, other[name as keyof World]])),
          };
          const [before, after] = [documentsOf(plan, computes, old), documentsOf(plan, computes, now)];
          const stale = everyId.filter(
            (one_) => JSON.stringify(before.get(one_)) !== JSON.stringify(after.get(one_)),
          );
          const marked = markedRoots(plan, { ...old }, { ...now });
          expect(stale.filter((one_) => !marked.has(one_))).toEqual([]);
        },
      ),
      { numRuns: 250 },
    );
  });
});
