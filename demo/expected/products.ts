import type { ProductDemand } from '#commerce';
import { linesOf, pick, type Rows } from './rows.js';

export function expectedProducts(rows: Rows): Map<string, ProductDemand> {
  const documents = new Map<string, ProductDemand>();
  for (const product of rows.products.values()) {
    let unitsOrdered = 0;
    let openOrders = 0;
    for (const order of rows.orders.values()) {
      const lines = linesOf(order).filter(({ productId }) => productId === product.id);
      if (order['status'] === 'pending' && lines.length > 0) openOrders += 1;
      if (order['status'] === 'cancelled') continue;
      for (const { quantity } of lines) unitsOrdered += quantity;
    }
    documents.set(product.id, {
      id: product.id,
      ...pick(product, ['sku', 'name', 'price', 'discontinued']),
      onHand: rows.stock.get(product.id)?.['onHand'] ?? 0,
      unitsOrdered,
      openOrders,
    } as ProductDemand);
  }
  return documents;
}
