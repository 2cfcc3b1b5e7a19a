import { count, facet, one, orElse, sum, text, view, type DocumentOf } from '#views';
import { order, product, stock } from '../sources.js';

/** A product with what is on hand and what is asked for, so that buyers see what runs out. */
export const productDemand = view('product-demand', product, { sort: 'name' }, (p) => ({
  sku: p.sku,
  name: text(p.name, { weight: 3 }),
  price: p.price,
  discontinued: facet(p.discontinued),
  onHand: orElse(
    one(stock.id, (s) => s.onHand),
    0,
  ),
  unitsOrdered: sum(order.lines.productId, (l) => l.quantity, {
    where: { parent: { status: { ne: 'cancelled' } } },
  }),
  openOrders: count(order.lines.productId, {
    distinct: (l) => l.parent.id,
    where: { parent: { status: 'pending' } },
  }),
}));

export type ProductDemand = DocumentOf<typeof productDemand>;
