import {
  array,
  avg,
  carry,
  check,
  compile,
  compute,
  count,
  facet,
  fieldsOf,
  id,
  instant,
  int,
  list,
  many,
  max,
  money,
  nullable,
  one,
  oneOf,
  orElse,
  ref,
  source,
  string,
  sum,
  view,
  was,
  type Level,
} from '../index.js';
import type { AnyView } from './compile.js';

const customer = source('customer', { id: id(), name: string() });
const product = source('product', { id: id(), sku: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: was(oneOf('open', 'closed'), 'state'),
  total: money('EUR'),
  placedAt: instant(),
  lines: list({ productId: ref(product), quantity: int(), note: nullable(string()) }),
});
const payment = source('payment', { id: id(), orderId: ref(order, { unique: true }), status: string() });
const task = source('task', { id: id(), assigneeIds: array(ref(customer)), points: int() });

function levelOf(declared: AnyView, at: string): Level | undefined {
  return compile(declared).levels.find((level) => level.id === at);
}

describe('a roll-up', () => {
  it('backwards is a level that the database rolls up, with the columns that it needs derived', () => {
    const declared = view('v', customer, () => ({
      spent: sum(order.customerId, (o) => o.total, { where: { status: 'open', id: { ne: 'x' } } }),
    }));
    const plan = compile(declared);
    expect(plan.levels[1]).toMatchObject({
      id: 'spent',
      source: 'order',
      parent: '',
      link: { kind: 'backward', column: 'customerId', many: false },
      sort: [],
      limit: null,
      columns: ['customerId', 'id', 'status', 'total'],
      fallbacks: [{ column: 'status', was: 'state' }],
      derived: [
        { column: 'id', kind: 'id', array: false },
        { column: 'status', kind: 'enum', array: false },
        { column: 'total', kind: 'money', array: false },
      ],
      rollUp: { fn: 'sum', value: { column: 'total', kind: 'money', array: false }, distinct: false },
    });
    expect(plan.shape).toMatchObject({
      fields: [
        { name: 'id' },
        {
          name: 'spent',
          of: { over: { level: 'spent' }, kind: 'money', currency: 'EUR', nullable: false, hints: {} },
        },
      ],
    });
  });

  it('of a list of the row itself needs no level', () => {
    const plan = compile(
      view('v', order, (o) => ({
        units: sum(o.lines, (l) => l.quantity, { where: { note: null } }),
        products: count(o.lines, { distinct: (l) => l.productId }),
      })),
    );
    expect(plan.levels.map(({ columns }) => columns)).toEqual([['id', 'lines']]);
    expect(plan.shape).toMatchObject({
      fields: [
        { name: 'id' },
        {
          of: {
            over: { items: 'lines', where: { field: 'note', op: 'exists', values: [false] } },
            rollUp: { value: { column: 'lines.quantity' } },
          },
        },
        { of: { over: { items: 'lines', where: null }, rollUp: { fn: 'count', distinct: true } } },
      ],
    });
  });

  it('of an array of references goes over the rows of a forward level, which are loaded one by one', () => {
    const declared = view('v', task, (t) => ({
      who: count(t.assigneeIds, { where: { name: { prefix: 'a' } } }),
    }));
    const level = levelOf(declared, 'who');
    expect(level?.link).toEqual({ kind: 'forward', column: 'assigneeIds', many: true });
    expect(level?.columns).toEqual(['id', 'name']);
    expect(level).not.toHaveProperty('rollUp');
    expect(level).not.toHaveProperty('derived');
  });

  it('over list items names the columns of items by their path, and those of the owner without', () => {
    const declared = view('v', product, () => ({
      units: sum(order.lines.productId, (l) => l.quantity, {
        where: { quantity: { gt: 0 }, parent: { or: [{ status: 'open' }, { total: { gte: 5 } }] } },
      }),
      lastAt: max(order.lines.productId, (l) => l.parent.placedAt),
    }));
    const units = levelOf(declared, 'units');
    expect(units?.link).toEqual({ kind: 'backward', column: 'lines.productId', many: true });
    expect(units?.columns).toEqual(['lines', 'status', 'total']);
    expect(units?.derived?.map(({ column }) => column)).toEqual(['lines.quantity', 'status', 'total']);
    expect(JSON.stringify(units?.where)).toContain('"field":"lines.quantity"');
    expect(levelOf(declared, 'lastAt')?.rollUp?.value).toEqual({
      column: 'placedAt',
      kind: 'instant',
      array: false,
    });
  });

  it('is a field that can be filtered and sorted by, has hints, and is an input of compute', () => {
    const fields = fieldsOf(
      compile(
        view('v', customer, () => ({
          orders: facet(count(order.customerId)),
          mean: orElse(
            avg(order.customerId, (o) => o.total),
            0,
          ),
          last: carry(max(order.customerId, (o) => o.placedAt)),
          open: compute(int(), [count(order.customerId), sum(order.customerId, (o) => o.total)], (n, s) =>
            n > 0 ? s : 0,
          ),
        })),
      ),
    );
    expect(fields.map((field) => [field.path, field.kind, field.nullable, field.filterable])).toEqual([
      ['id', 'id', false, true],
      ['orders', 'int', false, true],
      ['mean', 'decimal', false, true],
      ['last', 'instant', true, false],
      ['open', 'int', false, true],
    ]);
  });
});

describe('a join back over list items', () => {
  const declared = view('v', product, () => ({
    latest: many(
      order.lines.productId,
      { where: { note: { exists: true } }, sort: ['-parent.placedAt', 'quantity'], limit: 3 },
      (l) => ({
        quantity: l.quantity,
        status: l.parent.status,
        customer: one(l.parent.customerId, (c) => c.name),
        product: one(l.productId, (p) => p.sku),
        others: many(l.parent.lines, (other) => other.note),
      }),
    ),
  }));

  it('sorts and filters by items and owners, in the database', () => {
    expect(levelOf(declared, 'latest')).toMatchObject({
      limit: 3,
      sort: [
        { column: 'placedAt', descending: true, as: 'instant' },
        { column: 'lines.quantity', descending: false },
      ],
      derived: [{ column: 'lines.note' }, { column: 'lines.quantity' }, { column: 'placedAt' }],
      columns: ['customerId', 'lines', 'placedAt', 'status'],
    });
  });

  it('reads columns of the owner, and follows references of both', () => {
    expect(compile(declared).shape).toMatchObject({
      fields: [
        { name: 'id' },
        {
          of: {
            node: 'many',
            of: {
              fields: [
                { of: { node: 'value', column: 'quantity' } },
                { of: { node: 'value', column: 'status', ofOwner: true } },
                { of: { node: 'one', level: 'latest.customer' } },
                { of: { node: 'one', level: 'latest.product' } },
                { of: { node: 'items', column: 'lines', of: { column: 'note' } } },
              ],
            },
          },
        },
      ],
    });
    expect(levelOf(declared, 'latest.customer')?.link).toMatchObject({ column: 'customerId' });
    expect(levelOf(declared, 'latest.product')?.link).toMatchObject({ column: 'lines.productId' });
    expect(JSON.stringify(compile(declared).shape)).not.toMatch(/"quantity"[^}]*ofOwner/);
  });
});

describe('the columns that a level has the database derive', () => {
  it('are those of where and sort, where it chooses the first rows of many', () => {
    const declared = view('v', customer, () => ({
      first: many(order.customerId, { sort: 'total', where: { total: { gt: 0 } }, limit: 2 }, (o) => o.id),
      last: one(order.customerId, { sort: '-placedAt' }, (o) => o.id),
      some: many(order.customerId, { limit: 2 }, (o) => o.id),
    }));
    const columns = (at: string) => levelOf(declared, at)?.derived?.map(({ column }) => column);
    expect(columns('first')).toEqual(['total']);
    expect(columns('last')).toEqual(['placedAt']);
    expect(columns('some')).toEqual([]);
  });

  it('are none where all rows are loaded, or a key finds one: such plans are what they were before', () => {
    const declared = view('v', order, (o) => ({
      payment: one(payment.orderId, { where: { status: 'paid' } }, (p) => p.status),
      all: many(payment.orderId, { limit: 'unbounded' }, (p) => p.status),
      customer: one(o.customerId, (c) => c.name),
    }));
    for (const level of compile(declared).levels) expect(level).not.toHaveProperty('derived');
    const plain = view('v', order, () => ({ payment: one(payment.orderId, (p) => p.status) }));
    expect(compile(plain).fingerprint).toBe('a60015b04416');
  });
});

/** As JavaScript without types could call it. */
const untyped = (fn: typeof count) => fn as (from: unknown) => ReturnType<typeof count>;

describe('check of roll-ups', () => {
  const problems = (declared: AnyView) =>
    check(declared).map(({ severity, problem }) => `${severity}: ${problem}`);

  it.each<[string, AnyView]>([
    [
      'warning: facet() is lost inside count(): the document holds only what was rolled up.',
      view('v', customer, () => ({ a: count(task.assigneeIds, { distinct: (t) => facet(t.points) }) })),
    ],
    [
      'error: orElse() is lost inside sum(): nulls are left out.',
      view('v', order, (o) => ({ a: sum(o.lines, (l) => orElse(l.quantity, 1)) })),
    ],
    [
      "error: 'customerId' holds one, and count() rolls up several.",
      view('v', order, (o) => ({ a: untyped(count)(o.customerId) })),
    ],
    [
      'error: sum() does not fit a enum column.',
      view('v', customer, () => ({
        a: sum(order.customerId, ((o: { status: never }) => o.status) as never),
      })),
    ],
    [
      "error: order has no column 'nope'.",
      view('v', customer, () => ({ a: sum(order.customerId, ((o: { nope: never }) => o.nope) as never) })),
    ],
    [
      'error: sum() rolls up a column of its rows, and is given none.',
      view('v', customer, () => ({ a: sum(order.customerId, (() => 7) as never) })),
    ],
    [
      "error: 'total' belongs to 'order', and sum() rolls up 'order.lines'.",
      view('v', order, (o) => ({ a: sum(o.lines, (() => o.total) as never) })),
    ],
    [
      "error: In 'where', there is no 'nope' to filter on; there are: id, customerId, status, total, placedAt.",
      view('v', product, () => ({
        a: count(order.lines.productId, { where: { parent: { nope: 1 } } as never }),
      })),
    ],
    [
      "error: There is no 'placedAt' to sort by.",
      view('v', product, () => ({
        a: many(order.lines.productId, { limit: 1, sort: 'placedAt' as never }, (l) => l.quantity),
      })),
    ],
  ])('says: %s', (problem, declared) => {
    expect(problems(declared)).toEqual([problem]);
    expect(check(declared)[0]?.remedy).toMatch(/^.{6,}\.$/);
  });

  it('lets a warning pass when the view is compiled', () => {
    const declared = view('v', customer, () => ({
      a: count(order.customerId, { distinct: (o) => facet(o.status) }),
    }));
    expect(() => compile(declared)).not.toThrow();
  });

  it('refuses a list item’s column that is called parent', () => {
    const odd = source('odd', { id: id(), of: list({ parent: string() }) });
    expect(problems(view('v', odd, (o) => ({ id: o.id })))).toEqual([
      "error: A column of a list's items can not be called 'parent'.",
    ]);
  });
});
