import {
  assemble,
  compile,
  compute,
  computesOf,
  ComputeMissingError,
  id,
  instant,
  int,
  list,
  many,
  one,
  orElse,
  nullable,
  oneOf,
  ref,
  source,
  string,
  view,
  was,
  withDefault,
  type LoadedRow,
} from '../index.js';
import type { AnyView } from '../plan/compile.js';

const customer = source('customer', {
  id: id(),
  name: was(string(), 'fullName'),
  stars: withDefault(int(), 3),
});
const order = source('order', {
  id: id(),
  customerId: was(ref(customer), 'buyerId'),
  status: oneOf('a', 'b'),
  note: nullable(string()),
  at: instant(),
  lines: list({ sku: string(), count: int() }),
});

const row = (key: string, data: Record<string, unknown>): LoadedRow => ({
  id: key,
  data: { id: key, ...data },
});

function documentsOf(
  declared: AnyView,
  roots: LoadedRow[],
  partners: Record<string, LoadedRow[]> = {},
): unknown[] {
  const rows = new Map([['', roots], ...Object.entries(partners)]);
  const rootIds = roots.map((root) => root.id);
  return assemble(compile(declared), rootIds, rows, computesOf(declared)).map((made) =>
    'fault' in made ? made.fault : made.document,
  );
}

describe('assemble', () => {
  it('makes no document for a root that is not there or does not match', () => {
    const declared = view('v', order, { where: { status: 'a' } }, (o) => ({ status: o.status }));
    expect(documentsOf(declared, [row('1', { status: 'a' }), row('2', { status: 'b' })])).toEqual([
      { id: '1', status: 'a' },
      null,
    ]);
    expect(assemble(compile(declared), ['x'], new Map(), new Map())).toEqual([{ id: 'x', document: null }]);
  });

  it('leaves out what holds a required partner that is missing, up to the document', () => {
    const shape = (required: boolean) =>
      view('v', order, (o) => ({ c: one(o.customerId, { required }, (c) => c.name) }));
    const roots = [row('1', { customerId: 'gone' })];
    expect(documentsOf(shape(false), roots)).toEqual([{ id: '1', c: null }]);
    expect(documentsOf(shape(true), roots)).toEqual([null]);
  });

  it('reads older events by the old names and defaults of columns', () => {
    const declared = view('v', order, (o) => ({
      customer: one(o.customerId, (c) => ({ name: c.name, stars: c.stars })),
      lines: many(o.lines, (l) => l.sku),
    }));
    const customers = [row('c', { fullName: 'Ann' }), row('d', { name: 'Bob', fullName: 'old', stars: 5 })];
    const roots = [row('1', { buyerId: 'c' }), row('2', { customerId: 'd', buyerId: 'c' })];
    expect(documentsOf(declared, roots, { customer: customers })).toEqual([
      { id: '1', customer: { name: 'Ann', stars: 3 }, lines: [] },
      { id: '2', customer: { name: 'Bob', stars: 5 }, lines: [] },
    ]);
  });

  it('puts orElse for a null and for a missing partner', () => {
    const declared = view('v', order, (o) => ({
      note: orElse(o.note, '-'),
      name: orElse(
        one(o.customerId, (c) => c.name),
        'nobody',
      ),
    }));
    expect(documentsOf(declared, [row('1', { note: null, customerId: 'x' })])).toEqual([
      { id: '1', note: '-', name: 'nobody' },
    ]);
  });

  it('sorts instants by time, whatever offset they are written with, and breaks ties by id', () => {
    const declared = view('v', customer, () => ({
      orders: many(order.customerId, { sort: '-at', limit: 3 }, (o) => o.id),
    }));
    const orders = [
      row('b', { customerId: 'c', at: '2026-01-01T12:00:00Z' }),
      row('a', { customerId: 'c', at: '2026-01-01T13:00:00+01:00' }),
      row('z', { customerId: 'c', at: null }),
      row('late', { customerId: 'c', at: '2026-01-01T09:00:00-05:00' }),
    ];
    expect(documentsOf(declared, [row('c', {})], { orders })).toEqual([
      { id: 'c', orders: ['late', 'a', 'b'] },
    ]);
  });

  it('carries a value that oneOf does not list', () => {
    const declared = view('v', order, (o) => ({ status: o.status }));
    expect(documentsOf(declared, [row('1', { status: 'parked' })])).toEqual([{ id: '1', status: 'parked' }]);
  });

  it('computes from whole lists; a throw or a wrong kind is a fault of that document alone', () => {
    const declared = view('v', order, (o) => ({
      n: compute(int(), [o.lines], (lines) => lines.reduce((sum, line) => sum + line.count, 0) / 1),
    }));
    const roots = [
      row('1', {
        lines: [
          { sku: 'x', count: 2 },
          { sku: 'y', count: 3 },
        ],
      }),
      row('2', { lines: [{ sku: 'x', count: 0.5 }] }),
    ];
    expect(documentsOf(declared, roots)).toEqual([
      { id: '1', n: 5 },
      expect.stringMatching(/is declared as int, which takes whole numbers, and gave 0.5/),
    ]);
  });

  it('refuses a plan whose compute function this process does not have', () => {
    const plan = compile(view('v', order, (o) => ({ n: compute(int(), [o.note], () => 1) })));
    const rows = new Map([['', [row('1', {})]]]);
    expect(() => assemble(plan, ['1'], rows, new Map())).toThrow(ComputeMissingError);
  });

  it('takes time in proportion to the number of rows', () => {
    const declared = view('v', customer, () => ({
      orders: many(order.customerId, { limit: 'unbounded' }, (o) => ({ lines: many(o.lines, (l) => l.sku) })),
    }));
    const plan = compile(declared);
    const time = (customers: number) => {
      const roots = Array.from({ length: customers }, (_, i) => row(`c${i}`, {}));
      const lines = Array.from({ length: 5 }, (_, i) => ({ sku: `s${i}`, count: i }));
      const orders = roots.flatMap((root, i) =>
        [0, 1].map((n) => row(`o${i}-${n}`, { customerId: root.id, lines })),
      );
      const begin = performance.now();
      assemble(
        plan,
        roots.map((root) => root.id),
        new Map([
          ['', roots],
          ['orders', orders],
        ]),
        new Map(),
      );
      return performance.now() - begin;
    };
    const best = (customers: number) => Math.min(...[1, 2, 3].map(() => time(customers)));
    // Forty times the rows: linear work takes forty times as long, quadratic 1 600 times. 300 leaves room for a busy machine.
    const small = best(500);
    expect(best(20_000)).toBeLessThan(300 * small);
  });
});
