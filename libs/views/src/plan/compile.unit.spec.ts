import {
  array,
  bool,
  check,
  compile,
  compute,
  computesOf,
  constant,
  count,
  facet,
  fieldsOf,
  guard,
  id,
  instant,
  int,
  list,
  many,
  money,
  nullable,
  one,
  oneOf,
  orElse,
  prose,
  ref,
  source,
  string,
  text,
  view,
  carry,
  ViewInvalidError,
} from '../index.js';
import type { AnyView } from './compile.js';

const customer = source('customer', { id: id(), name: string(), bio: prose() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('a', 'b'),
  total: money('EUR'),
  placedAt: instant(),
  note: nullable(string()),
  tags: array(string()),
  lines: list({ sku: string(), count: int() }),
});
const message = source('message', { id: id(), orderId: ref(order), body: prose(), at: instant() });

describe('a plan', () => {
  const declare = () =>
    view('orders', order, { sort: '-placedAt' }, (o) => ({
      placedAt: o.placedAt,
      customer: one(o.customerId, (c) => c.name),
      net: compute(money('EUR'), [o.total], (total) => total - 1),
    }));

  it('is plain JSON, the same for the same declaration', () => {
    const plan = compile(declare());
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    expect(compile(declare())).toEqual(plan);
    expect(plan.fingerprint).toMatch(/^[0-9a-f]{12}$/);
  });

  it('has another fingerprint for other hints, filters, limits and functions', () => {
    const prints = [
      view('v', order, (o) => ({ status: o.status })),
      view('v', order, (o) => ({ status: facet(o.status) })),
      view('v', order, { where: { status: 'a' } }, (o) => ({ status: o.status })),
      view('v', order, () => ({ m: many(message.orderId, { limit: 1 }, (m) => m.id) })),
      view('v', order, () => ({ m: many(message.orderId, { limit: 2 }, (m) => m.id) })),
      view('v', order, (o) => ({ n: compute(int(), [o.total], (t) => t + 1) })),
      view('v', order, (o) => ({ n: compute(int(), [o.total], (t) => t + 2) })),
      view('v', order, (o) => ({ n: compute(int(), [o.total], (t) => t + 2, { version: '1' }) })),
      view('v', order, (o) => ({ n: compute(int(), [o.total], (t) => t + 2, { version: '2' }) })),
    ].map((one_) => compile(one_).fingerprint);
    expect(new Set(prints).size).toBe(prints.length);
  });

  it('knows compute functions by a key, which does not depend on white space', () => {
    const [key] = computesOf(declare()).keys();
    expect(key).toMatch(/^[0-9a-f]{12}$/);
    const vouched = view('v', order, (o) => ({
      n: compute(int(), [o.total], () => Date.now(), { version: '3' }),
    }));
    expect([...computesOf(vouched).keys()]).toEqual(['v:n:3']);
  });

  it('begins documents with the id, named or not, and keeps its hints', () => {
    const named = compile(view('v', order, (o) => ({ status: o.status, id: facet(o.id) })));
    expect(fieldsOf(named).map(({ path, hints }) => [path, hints])).toEqual([
      ['id', { facet: true }],
      ['status', {}],
    ]);
  });

  it('tells apart flattened joins inside joins by what they follow', () => {
    const plan = compile(
      view('v', message, (m) => ({ who: one(m.orderId, (o) => one(o.customerId, (c) => c.name)) })),
    );
    expect(plan.levels.map((level) => level.id)).toEqual(['', 'who', 'who.customerId']);
  });

  it('names the fields of its documents', () => {
    const plan = compile(
      view('v', order, (o) => ({
        note: orElse(o.note, '-'),
        bio: one(o.customerId, (c) => text(c.bio)),
        lines: many(o.lines, (l) => ({ sku: l.sku })),
        flat: many(o.lines, { flat: true }, (l) => ({ sku: l.sku })),
        skus: many(o.lines, (l) => l.sku),
        raw: carry(o.note),
        kind: constant('x'),
      })),
    );
    const shown = fieldsOf(plan).map(({ path, kind, array, nested, nullable: nulls, sortable, filterable }) =>
      [path, kind, array && 'array', nested, nulls && 'null', sortable && 'sort', filterable && 'filter']
        .filter(Boolean)
        .join(' '),
    );
    expect(shown).toEqual([
      'id id sort filter',
      'note string sort filter',
      'bio prose null',
      'lines.sku string array lines sort filter',
      'flat.sku string array sort filter',
      'skus string array sort filter',
      'raw string null',
      'kind string sort filter',
    ]);
  });
});

test('a former name and an end are no part of the plan, so that declaring them builds nothing again', () => {
  const shape = (o: Record<string, never>) => ({ a: o['id'] });
  const serving = { was: 'before', deprecated: '2027-03-01' };
  expect(compile(untyped('v', serving, shape))).toEqual(compile(untyped('v', {}, shape)));
});

/** A view as JavaScript without types could declare it. */
function untyped(name: string, options: object, shape: (row: Record<string, never>) => unknown): AnyView {
  return view(name, order, options as never, shape as never);
}

describe('check', () => {
  it.each<[string, AnyView]>([
    ["'Orders' is no name for a view.", untyped('Orders', {}, (o) => ({ a: o['id'] }))],
    ["'v' is no name that 'v' had before.", untyped('v', { was: 'v' }, (o) => ({ a: o['id'] }))],
    ["'soon' is no day.", untyped('v', { deprecated: 'soon' }, (o) => ({ a: o['id'] }))],
    ["'2027-02-30' is no day.", untyped('v', { deprecated: '2027-02-30' }, (o) => ({ a: o['id'] }))],
    ["order has no column 'nope'.", untyped('v', {}, (o) => ({ a: o['nope'] }))],
    ["'and' is a word of the filter grammar.", untyped('v', {}, (o) => ({ and: o['id'] }))],
    ["'a.b' is no name for a field.", untyped('v', {}, (o) => ({ 'a.b': o['id'] }))],
    ["'_x' is no name for a field.", untyped('v', {}, (o) => ({ _x: o['id'] }))],
    ["'id' is the root's id in every document.", untyped('v', {}, (o) => ({ id: o['status'] }))],
    ['The value is undefined.', untyped('v', {}, () => ({ a: undefined }))],
    ['The value is a function.', untyped('v', {}, (o) => ({ a: () => o['id'] }))],
    ['The value is plain: "x".', untyped('v', {}, () => ({ a: 'x' }))],
    ['The value is a reference of another source.', untyped('v', {}, () => ({ a: message.orderId }))],
    ['The shape is a single field.', untyped('v', {}, (o) => o['id'])],
    ['The shape is empty.', untyped('v', {}, () => ({}))],
    ["'status' is no reference.", untyped('v', {}, (o) => ({ a: one(o['status']!, (() => 1) as never) }))],
    [
      'Any number of rows may have the same message.orderId.',
      untyped('v', {}, () => ({ a: many(message.orderId as never, ((m: { id: never }) => m.id) as never) })),
    ],
    [
      'Several rows may have the same message.orderId.',
      untyped('v', {}, () => ({ a: one(message.orderId as never, ((m: { id: never }) => m.id) as never) })),
    ],
    [
      "'order.customerId' points at 'customer', but the shape is of 'order'.",
      untyped('v', {}, () => ({ a: many(order.customerId, { limit: 1 }, (o) => o.id) })),
    ],
    [
      "'id' belongs to 'order', not to this shape.",
      untyped('v', {}, (o) => ({ a: one(o['customerId']!, (() => o['id']) as never) })),
    ],
    ['text() does not fit a money column.', untyped('v', {}, (o) => ({ a: text(o['total']!) }))],
    [
      'A carried field is not indexed, so facet() has no effect.',
      untyped('v', {}, (o) => ({ a: carry(facet(o['status']!)) })),
    ],
    [
      'guard() stands in a list, but a document has one owner.',
      view('v', order, (o) => ({ a: many(o.lines, (l) => guard(l.sku)) })),
    ],
    [
      'guard() stands in a list, but a document has one owner.',
      untyped('v', {}, () => ({ a: guard(many(message.orderId, { limit: 1 }, (m) => m.id) as never) })),
    ],
    [
      'guard() stands in a list, but a document has one owner.',
      untyped('v', {}, (o) => ({ a: guard(o['tags']!) })),
    ],
    ['guard() does not fit a money column.', untyped('v', {}, (o) => ({ a: guard(o['total']!) }))],
    [
      'A carried field is not indexed, so guard() has no effect.',
      untyped('v', {}, (o) => ({ a: carry(guard(o['status']!)) })),
    ],
    [
      'A carried field is not indexed, so guard() has no effect.',
      view('v', order, (o) => ({ a: carry(one(o.customerId, (c) => ({ name: guard(c.name) }))) })),
    ],
    [
      'guard() is lost inside compute(): the document holds only what was computed.',
      view('v', order, (o) => ({ a: compute(string(), [guard(o.status)], (status) => status) })),
    ],
    [
      'guard() is lost inside count(): the document holds only what was rolled up.',
      view('v', order, () => ({ a: count(message.orderId, { distinct: (m) => guard(m.id) }) })),
    ],
    [
      "In 'where', there is no 'nope' to filter on; there are: id, customerId, status, total, placedAt, note, tags.",
      untyped('v', { where: { nope: 1 } }, (o) => ({ a: o['id'] })),
    ],
    ["There is no 'lines' to sort by.", untyped('v', { sort: 'lines' }, (o) => ({ a: o['id'] }))],
    [
      "The view sorts by 'total', which no field of the document holds.",
      view('v', order, { sort: 'total' }, (o) => ({ a: o.status })),
    ],
    [
      "The compute function uses more than its inputs: 'Date'.",
      view('v', order, (o) => ({ a: compute(int(), [o.total], (t) => t + Date.now()) })),
    ],
    [
      'The limit 0 is no whole number above 0.',
      view('v', order, () => ({ a: many(message.orderId, { limit: 0 }, (m) => m.id) })),
    ],
    ['orElse("x") takes whole numbers.', untyped('v', {}, (o) => ({ a: orElse(o['total']!, 'x' as never) }))],
  ])('says: %s', (problem, declared) => {
    const faults = check(declared);
    expect(faults.map((fault) => fault.problem)).toEqual([problem]);
    expect(faults[0]?.remedy).toMatch(/^.{6,}\.$/);
    expect(() => compile(declared)).toThrow(ViewInvalidError);
  });

  it('tells all faults at once, with where they are', () => {
    const faults = check(untyped('v', { where: { nope: 1 } }, (o) => ({ a: { b: o['nope'] }, or: 7 })));
    expect(faults.map((fault) => fault.at)).toEqual(['v', 'v.a.b', 'v.or', 'v.or']);
  });

  it.each([
    ['The source has no id.', source('s', { name: string() })],
    ["'S' is no name for a source.", source('S', { id: id() })],
    ["'a b' is no name for a column.", source('s', { id: id(), 'a b': bool() })],
    ['A list stands in a list.', source('s', { id: id(), a: list({ b: list({ c: int() }) }) })],
    ["A reference or list can not be called 'owner'.", source('s', { id: id(), owner: ref(customer) })],
    ['oneOf() has a value twice.', source('s', { id: id(), a: oneOf('x', 'x') })],
    ['money() has no currency.', source('s', { id: id(), a: money('euro') })],
  ])('says of a source: %s', (problem, root) => {
    const declared = view('v', root as unknown as typeof customer, (s) => ({ a: s.id }));
    expect(check(declared).map((fault) => fault.problem)).toContain(problem);
  });

  it('finds nothing wrong with what is right', () => {
    expect(check(view('v', order, (o) => ({ a: o.status })))).toEqual([]);
  });
});
