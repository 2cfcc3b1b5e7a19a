/**
 * Compiled by tsc only: every misuse is an error, on the line after its directive. That the first line of the error says
 * why is checked by misuse.unit.spec.ts, which reads the words behind each directive.
 */
/* eslint-disable @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-member-access,
   @typescript-eslint/no-unsafe-return, @typescript-eslint/restrict-template-expressions --
   where a join is refused, the row that its shape gets is any */
import {
  array,
  avg,
  bool,
  carry,
  compute,
  constant,
  count,
  facet,
  geo,
  guard,
  id,
  instant,
  int,
  json,
  list,
  many,
  max,
  min,
  money,
  nullable,
  one,
  oneOf,
  orElse,
  prose,
  ref,
  self,
  source,
  string,
  sum,
  text,
  view,
} from '../index.js';

const customer = source('customer', { id: id(), name: string(), tier: oneOf('basic', 'gold') });
const product = source('product', { id: id(), sku: string(), name: string() });
const order = source('order', {
  id: id(),
  customerId: ref(customer),
  status: oneOf('pending', 'confirmed', 'cancelled'),
  total: money('EUR'),
  placedAt: instant(),
  lines: list({ productId: ref(product), quantity: int() }),
});
const message = source('message', { id: id(), orderId: ref(order), sentAt: instant(), body: prose() });
const employee = source('employee', { id: id(), name: string(), managerId: nullable(self()) });
const place = source('place', { id: id(), spot: geo(), extra: json(), tags: array(string()), open: bool() });
const near = source('near', { id: id(), placeId: ref(place), seen: geo() });

// ---- names

// @ts-expect-error Property 'statsu' does not exist
view('x', order, (o) => ({ a: o.statsu }));

// @ts-expect-error 'or' is a word of the filter grammar
view('x', order, (o) => ({ or: o.status }));

// ---- fields of other rows

// @ts-expect-error 'status' belongs to 'order', not to this shape
view('x', order, (o) => ({ a: one(o.customerId, () => ({ s: o.status })) }));

view('x', order, (o) => ({
  a: one(o.customerId, () => ({
    // @ts-expect-error 'status' belongs to 'order', not to this shape
    l: many(order.customerId, { limit: 3 }, () => ({ leak: o.status })),
  })),
}));

// @ts-expect-error 'name' belongs to 'employee', not to this shape
view('x', employee, (e) => ({ m: one(e.managerId, () => ({ n: e.name })) }));

// @ts-expect-error 'status' belongs to 'order', not to this shape
view('x', order, (o) => ({ l: many(o.lines, () => ({ s: o.status })) }));

// @ts-expect-error 'this field' belongs to 'order', not to this shape
view('x', order, (o) => ({ a: one(o.customerId, () => ({ x: compute(int(), [o.total], (t) => t) })) }));

// @ts-expect-error this reference points at 'customer', but the shape is of 'product'
view('x', product, () => ({ a: many(order.customerId, { limit: 1 }, (o) => o.id) }));

// ---- JavaScript on fields

// @ts-expect-error The left-hand side of an arithmetic operation must be
view('x', order, (o) => ({ a: o.total * 2 }));

// @ts-expect-error a plain value: derive with compute(), or write constant(…)
view('x', order, (o) => ({ a: `${o.status as never}!` }));

// @ts-expect-error a function: call it
view('x', order, (o) => ({ a: () => o.status }));

// ---- joins

// @ts-expect-error 'status' is of kind enum, not a reference: one() follows ref()
view('x', order, (o) => ({ a: one(o.status, () => constant('x')) }));

// @ts-expect-error any number of 'order' rows may have this customerId: add limit
view('x', customer, () => ({ a: many(order.customerId, (o) => ({ id: o.id })) }));

// @ts-expect-error any number of 'order' rows may have this customerId: add limit
view('x', customer, () => ({ a: many(order.customerId, { sort: '-placedAt' }, (o) => ({ id: o.id })) }));

// @ts-expect-error several 'message' rows may have this orderId: add { sort } to say which one
view('x', order, () => ({ a: one(message.orderId, (m) => m.body) }));

// @ts-expect-error several 'message' rows may have this orderId: add { sort } to say which one
view('x', order, () => ({ a: one(message.orderId, { required: true }, (m) => m.body) }));

// @ts-expect-error 'customerId' holds one: use one()
view('x', order, (o) => ({ a: many(o.customerId, (c) => c.name) }));

// @ts-expect-error 'lines' holds several: use many()
view('x', order, (o) => ({ a: one(o.lines, (l) => l.quantity) }));

// @ts-expect-error any number of 'order' rows may have this lines.productId: add limit
view('x', product, () => ({ a: many(order.lines.productId, (l) => l.quantity) }));

// @ts-expect-error several 'order' rows may have this lines.productId: add { sort } to say which one
view('x', product, () => ({ a: one(order.lines.productId, (l) => l.quantity) }));

// @ts-expect-error Property 'id' does not exist
view('x', product, () => ({ a: many(order.lines.productId, { limit: 5 }, (l) => l.id) }));

// @ts-expect-error this reference points at 'product', but the shape is of 'customer'
view('x', customer, () => ({ a: count(order.lines.productId) }));

// @ts-expect-error this reference points at 'customer', but the shape is of 'product'
view('x', product, () => ({ a: count(order.customerId) }));

view('x', product, () => ({
  // @ts-expect-error '"placedAt"' is not assignable
  a: many(order.lines.productId, { limit: 5, sort: 'placedAt' }, (l) => l.quantity),
}));

// ---- roll-ups

// @ts-expect-error sum() adds numbers: 'status' is of kind enum
view('x', customer, () => ({ a: sum(order.customerId, (o) => o.status) }));

// @ts-expect-error avg() adds numbers: 'placedAt' is of kind instant
view('x', customer, () => ({ a: avg(order.customerId, (o) => o.placedAt) }));

// @ts-expect-error max() needs a number, instant or day: 'status' is of kind enum
view('x', customer, () => ({ a: max(order.customerId, (o) => o.status) }));

// @ts-expect-error min() needs a number, instant or day: 'body' is of kind prose
view('x', order, () => ({ a: min(message.orderId, (m) => m.body) }));

// @ts-expect-error count() tells single values apart: 'seen' is of kind geo
view('x', place, () => ({ a: count(near.placeId, { distinct: (n) => n.seen }) }));

// @ts-expect-error sum() adds numbers: 'this join' is of kind object
view('x', order, (o) => ({ a: sum(o.lines, (l) => one(l.productId, (p) => p.sku)) }));

// @ts-expect-error 'total' belongs to 'order', not to the rows that sum() rolls up
view('x', order, (o) => ({ a: sum(o.lines, () => o.total) }));

// @ts-expect-error 'customerId' holds one: count() rolls up several
view('x', order, (o) => ({ a: count(o.customerId) }));

// @ts-expect-error 'status' is of kind enum, not a reference: count() takes a list
view('x', order, (o) => ({ a: count(o.status) }));

// @ts-expect-error 'nope' does not exist
view('x', customer, () => ({ a: count(order.customerId, { where: { nope: 1 } }) }));

// @ts-expect-error '"confirmd"' is not assignable
view('x', customer, () => ({ a: count(order.customerId, { where: { status: 'confirmd' } }) }));

// @ts-expect-error 'string' is not assignable
view('x', customer, () => ({ a: count(order.customerId, { where: { total: 'abc' } }) }));

// @ts-expect-error 'nope' does not exist
view('x', product, () => ({ a: count(order.lines.productId, { where: { parent: { nope: 1 } } }) }));

view('x', product, () => ({
  // @ts-expect-error order.lines.parent has no column 'nope'
  a: count(order.lines.productId, { where: { parent: { status: 'confirmed', nope: 1 } } }),
}));

// @ts-expect-error 'status' does not exist
view('x', product, () => ({ a: count(order.lines.productId, { where: { status: 'confirmed' } }) }));

// @ts-expect-error text() searches words: 'this field' is of kind int
view('x', customer, () => ({ a: text(count(order.customerId)) }));

// @ts-expect-error '"-placed"' is not assignable
view('x', customer, () => ({ a: many(order.customerId, { limit: 5, sort: '-placed' }, (o) => o.id) }));

// @ts-expect-error a list keeps its order: leave sort out
view('x', order, (o) => ({ a: many(o.lines, { sort: 'quantity' }, (l) => l.quantity) }));

// ---- filters

// @ts-expect-error 'nope' does not exist
view('x', customer, () => ({ a: many(order.customerId, { limit: 1, where: { nope: 1 } }, (o) => o.id) }));

view('x', customer, () => ({
  // @ts-expect-error order has no column 'nope'
  a: many(order.customerId, { limit: 1, where: { id: 'x', nope: 1 } }, (o) => o.id),
}));

view('x', customer, () => ({
  // @ts-expect-error '"confirmd"' is not assignable
  a: many(order.customerId, { limit: 1, where: { status: 'confirmd' } }, (o) => o.id),
}));

view('x', customer, () => ({
  // @ts-expect-error 'string' is not assignable
  a: many(order.customerId, { limit: 1, where: { total: 'abc' } }, (o) => o.id),
}));

// @ts-expect-error 'null' is not assignable
view('x', order, { where: { placedAt: null } }, (o) => ({ a: o.status }));

// @ts-expect-error 'statsu' does not exist
view('x', order, { where: { statsu: 'x' } }, (o) => ({ a: o.status }));

// @ts-expect-error 'spot' does not exist
view('x', near, (n) => ({ a: one(n.placeId, { where: { spot: 1 } }, (p) => p.spot) }));

// @ts-expect-error place.spot can not be filtered on
view('x', near, (n) => ({ a: one(n.placeId, { where: { open: true, spot: 1 } }, (p) => p.spot) }));

// @ts-expect-error 'nope' does not exist
view('x', order, (o) => ({ a: many(o.lines, { where: { nope: 1 } }, (l) => l.quantity) }));

// @ts-expect-error '"placed"' is not assignable
view('x', order, { sort: 'placed' }, (o) => ({ a: o.status }));

// ---- hints

// @ts-expect-error text() searches words: 'total' is of kind money
view('x', order, (o) => ({ a: text(o.total) }));

// @ts-expect-error facet() counts values: 'body' is of kind prose
view('x', message, (m) => ({ a: facet(m.body) }));

// @ts-expect-error guard() takes an id, string or enum: 'total' is of kind money
view('x', order, (o) => ({ a: guard(o.total) }));

// @ts-expect-error guard() takes the one owner of a document: 'tags' holds several
view('x', place, (p) => ({ a: guard(p.tags) }));

// @ts-expect-error facet() counts values: 'this join' is of kind object
view('x', order, (o) => ({ a: facet(one(o.customerId, (c) => ({ name: c.name }))) }));

view('x', order, (o) => ({
  a: orElse(
    // @ts-expect-error orElse() stands for a single value: 'this join' is of kind object
    one(o.customerId, (c) => ({ name: c.name })),
    'x',
  ),
}));

view('x', order, (o) => ({
  a: orElse(
    one(o.customerId, (c) => c.name),
    // @ts-expect-error 'number' is not assignable
    7,
  ),
}));

// @ts-expect-error 'string' is not assignable
view('x', order, () => ({ a: carry('status') }));

// ---- compute

// @ts-expect-error 'string' is not assignable to type 'number'
view('x', order, (o) => ({ a: compute(money('EUR'), [o.total], (t) => `${t}`) }));

// @ts-expect-error 'null' is not assignable to type 'number'
view('x', order, (o) => ({ a: compute(int(), [o.total], () => null) }));
