import {
  array,
  bool,
  compile,
  day,
  decimal,
  geo,
  id,
  instant,
  int,
  json,
  list,
  many,
  money,
  nullable,
  one,
  oneOf,
  prose,
  ref,
  source,
  string,
  text,
  carry,
  view,
} from '#views';
import { servedView } from '../served-view.js';

const customer = source(
  'customer',
  { id: id(), name: string(), tier: oneOf('basic', 'gold') },
  { owner: 'customers' },
);
const order = source(
  'order',
  {
    id: id(),
    customerId: ref(customer),
    status: oneOf('pending', 'confirmed'),
    total: money('EUR'),
    yen: money('JPY'),
    weight: nullable(decimal()),
    placedAt: instant(),
    dueOn: nullable(day()),
    gift: bool(),
    limit: int(),
    note: prose(),
    at: nullable(geo()),
    extra: json(),
    secret: string(),
    tags: array(string()),
    seenAt: array(instant()),
    lines: list({ quantity: int(), sku: string() }),
  },
  { owner: 'orders' },
);
const orders = view('orders', order, { sort: '-placedAt' }, (o) => ({
  status: o.status,
  total: o.total,
  yen: o.yen,
  weight: o.weight,
  placedAt: o.placedAt,
  dueOn: o.dueOn,
  gift: o.gift,
  limit: o.limit,
  note: text(o.note),
  at: o.at,
  extra: o.extra,
  secret: carry(o.secret),
  tags: o.tags,
  seenAt: o.seenAt,
  customer: one(o.customerId, (c) => ({ name: text(c.name), tier: c.tier })),
  lines: many(o.lines, (l) => ({ quantity: l.quantity, sku: l.sku })),
}));
const customers = view('customers', customer, (c) => ({ tier: c.tier }));
/** A view with a field of every kind, which tests of the grammar ask. */
export const served = servedView(compile(orders));
/** Its own sort names a field by another name than its column. */
export const renamed = servedView(
  compile(view('renamed', order, { sort: '-placedAt' }, (o) => ({ when: o.placedAt }))),
);
/** A view without text and without an order of its own. */
export const plain = servedView(compile(customers));
