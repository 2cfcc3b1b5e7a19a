import {
  array,
  avg,
  check,
  checkSources,
  compile,
  count,
  day,
  facet,
  id,
  instant,
  int,
  list,
  many,
  nullable,
  one,
  oneOf,
  ref,
  source,
  string,
  sum,
  text,
  view,
  was,
  withDefault,
  type Fault,
} from '../index.js';
import type { AnyView } from '../plan/compile.js';
import { domains } from '../testing/index.js';

const customer = source('customer', { id: id(), name: string() });
const account = source('account', { id: id(ref(customer)), limit: int() });
const product = source('product', { id: id(), sku: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('open', 'closed'),
  note: nullable(string()),
  total: int(),
  tags: array(string()),
  at: instant(),
  on: day(),
  lines: list({ productId: ref(product), units: int() }),
});
const refund = source('refund', { id: id(), orderId: ref(order, { unique: true }), reason: string() });

const told = (faults: readonly Fault[]) =>
  faults.map(({ severity, at, problem }) => `${severity} ${at}: ${problem}`);

function expectRemedies(faults: readonly Fault[]): void {
  for (const { remedy } of faults) expect(remedy).toMatch(/^.{10,}\.$/);
}

describe('check warns, and lets the view run, of', () => {
  it.each<[string, AnyView]>([
    [
      'v.orders: One document holds every row that has the same order.customerId, however many they become.',
      view('v', customer, () => ({ orders: many(order.customerId, { limit: 'unbounded' }, (o) => o.id) })),
    ],
    [
      "v.customer.orders: Each change of a 'order' builds every 'order' that shares its 'customer'.",
      view('v', order, (o) => ({
        customer: one(o.customerId, () => ({ orders: many(order.customerId, { limit: 3 }, (x) => x.id) })),
      })),
    ],
    [
      "v.order.customer.n: Each change of a 'order' builds every 'order' that shares its 'customer'.",
      view('v', refund, (r) => ({
        order: one(r.orderId, (o) => ({
          customer: one(o.customerId, () => ({ n: count(order.customerId) })),
        })),
      })),
    ],
    [
      "v.lines.product.n: Each change of a 'order' builds every 'order' that shares its 'product'.",
      view('v', order, (o) => ({
        lines: many(o.lines, (l) => ({
          product: one(l.productId, () => ({ n: count(order.lines.productId) })),
        })),
      })),
    ],
    [
      'v.n: facet() is lost inside count(): the document holds only what was rolled up.',
      view('v', customer, () => ({ n: count(order.customerId, { distinct: (o) => facet(o.status) }) })),
    ],
    [
      'v.n: text() is lost inside count(): the document holds only what was rolled up.',
      view('v', customer, () => ({ n: count(order.customerId, { distinct: (o) => text(o.note) }) })),
    ],
    [
      'v.n: facet() is lost inside sum(): the document holds only what was rolled up.',
      view('v', customer, () => ({ n: sum(order.customerId, (o) => facet(o.total)) })),
    ],
    [
      "v.in: 'total' and 'Total' differ only in case.",
      view('v', order, (o) => ({ in: { total: o.total, Total: o.total, note: o.note } })),
    ],
  ])('%s', (problem, declared) => {
    const faults = check(declared);
    expect(told(faults)).toEqual([`warning ${problem}`]);
    expectRemedies(faults);
    expect(() => compile(declared)).not.toThrow();
  });

  it('columns that claim one old name, or the name of another column', () => {
    const renamed = source('renamed', {
      id: id(),
      title: was(string(), 'name'),
      label: was(string(), 'name'),
      code: was(string(), 'text'),
      text: withDefault(string(), ''),
      items: list({ a: was(string(), 'b'), b: string() }),
    });
    const faults = checkSources([renamed]);
    expect(told(faults)).toEqual([
      "warning renamed.label: 'label' and 'title' both claim the name 'name'.",
      "warning renamed.code: 'code' and 'text' both claim the name 'text'.",
      "warning renamed.items.a: 'a' and 'b' both claim the name 'b'.",
    ]);
    expectRemedies(faults);
  });
});

describe('check is silent on', () => {
  it.each<[string, AnyView]>([
    [
      'a partner that shares the id of one that is shared',
      view('v', order, (o) => ({
        customer: one(o.customerId, () => ({ limit: one(account.id, (a) => a.limit) })),
      })),
    ],
    [
      'a reference back from what a unique reference leads to',
      view('v', refund, (r) => ({
        order: one(r.orderId, () => ({ refund: one(refund.orderId, (x) => x.reason) })),
      })),
    ],
    [
      'a roll-up, a bounded list, and a filter that can be met',
      view('v', customer, () => ({
        n: count(order.customerId, { where: { total: { gt: 1, lt: 3 }, note: { exists: true, ne: 'x' } } }),
        some: many(order.customerId, { limit: 3 }, (o) => o.id),
      })),
    ],
    [
      'a filter for arrays that are empty',
      view('v', order, { where: { tags: { exists: false } } }, (o) => ({ a: o.id })),
    ],
    [
      'a filter for arrays that hold two values',
      view('v', order, { where: { tags: 'a', and: [{ tags: 'b' }] } }, (o) => ({ a: o.id })),
    ],
  ])('%s', (_what, declared) => {
    expect(check(declared)).toEqual([]);
  });

  it('the views of the test domains, but for what a seller’s reviews do to the listings', () => {
    const faults = domains.flatMap(({ views }) => views.flatMap(({ view: declared }) => check(declared)));
    expect(told(faults)).toEqual([
      "warning listing-search.seller.rating: Each change of a 'review' builds every 'listing' that shares its 'seller'.",
      "warning listing-search.seller.reviews: Each change of a 'review' builds every 'listing' that shares its 'seller'.",
    ]);
  });
});

describe('check refuses a filter that no row can meet:', () => {
  it.each<[string, AnyView]>([
    [
      "v: No event can ever feed this view: 'status' is compared with an empty list.",
      view('v', order, { where: { status: [] } }, (o) => ({ a: o.id })),
    ],
    [
      "v: No event can ever feed this view: no value of 'status' meets all its conditions.",
      view('v', order, { where: { status: 'open', and: [{ status: 'closed' }] } }, (o) => ({ a: o.id })),
    ],
    [
      "v: No event can ever feed this view: 'total' is never null.",
      view('v', order, { where: { total: { exists: false } } }, (o) => ({ a: o.id })),
    ],
    [
      "v: No event can ever feed this view: no value of 'total' lies between its bounds.",
      view('v', order, { where: { total: { gt: 3, lt: 4 } } }, (o) => ({ a: o.id })),
    ],
    [
      "v.a: No event can ever feed this view: no value of 'name' has all its prefixes.",
      view('v', order, (o) => ({
        a: one(
          o.customerId,
          { required: true, where: { name: { prefix: 'a' }, and: [{ name: { prefix: 'b' } }] } },
          (c) => c.name,
        ),
      })),
    ],
    [
      "v.b.a: What requires the join is always absent: 'name' is compared with an empty list.",
      view('v', refund, (r) => ({
        b: one(r.orderId, (o) => ({
          a: one(o.customerId, { required: true, where: { name: [] } }, (c) => c.name),
        })),
      })),
    ],
    [
      "v.a: The join is always null: 'name' is never null.",
      view('v', order, (o) => ({
        a: one(o.customerId, { where: { name: { exists: false } } }, (c) => c.name),
      })),
    ],
    [
      "v.a: The list is always empty: no value of 'units' lies between its bounds.",
      view('v', order, (o) => ({
        a: many(o.lines, { where: { units: { gte: 2, lt: 2 } } }, (l) => l.units),
      })),
    ],
    [
      "v.a: The list is always empty: 'note' has to be missing and to have a value.",
      view('v', customer, () => ({
        a: many(
          order.customerId,
          { limit: 1, where: { note: null, and: [{ note: { ne: 'x' } }] } },
          (o) => o.id,
        ),
      })),
    ],
    [
      "v.a: avg() never finds anything: no value of 'at' lies between its bounds.",
      view('v', customer, () => ({
        a: avg(order.customerId, (o) => o.total, {
          where: { at: { gt: '2026-01-01T12:00:00Z', lt: '2026-01-01T12:00:00+01:00' } },
        }),
      })),
    ],
    [
      "v.a: count() never finds anything: no value of 'status' meets all its conditions.",
      view('v', product, () => ({
        a: count(order.lines.productId, {
          where: {
            units: 1,
            parent: { status: 'open', or: [{ status: 'closed' }, { status: { ne: 'open' } }] },
          },
        }),
      })),
    ],
  ])('%s', (problem, declared) => {
    const faults = check(declared);
    expect(told(faults)).toEqual([`error ${problem}`]);
    expectRemedies(faults);
    expect(() => compile(declared)).toThrow(problem.split(': ')[1]);
  });

  it('a value that the kind of the column can not have', () => {
    const declared = view('v', order, { where: { on: '2026-02-30', status: 'lost' as never } }, (o) => ({
      a: o.id,
    }));
    expect(told(check(declared))).toEqual([
      `error v: In 'where', 'on' takes days such as 2026-05-31, and is compared with "2026-02-30".`,
      `error v: In 'where', 'status' takes one of open, closed, and is compared with "lost".`,
    ]);
  });
});
