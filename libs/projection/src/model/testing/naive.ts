import { LATEST, type Shop } from './domain.js';

/**
 * The documents of each view by nested loops over the services' rows. It shares nothing with what it is compared with:
 * no plan, no assembly, no filter, no comparison of values.
 */
export type Naive = (shop: Shop) => readonly { readonly id: string }[];

type Row<S extends keyof Shop> = Shop[S][number];

export const naiveOrderSearch: Naive = (shop) =>
  shop.order.map((o) => ({
    id: o.id,
    status: o.status,
    customer: orNull(customerOf(shop, o), (c) => ({ id: c.id, name: c.name })),
    lines: o.lines.map((line) => ({
      quantity: line.quantity,
      product: orNull(byId(shop.product, line.productId), (p) => ({
        name: p.name,
        available: availableOf(shop, p),
      })),
    })),
    payment: orNull(paymentOf(shop, o), (p) => ({ status: p.status })),
    carriers: inIdOrder(shop.shipment.filter((s) => s.orderIds.includes(o.id))).map((s) => s.carrier),
  }));

export const naiveOrderSearchNext: Naive = (shop) =>
  shop.order.map((o) => ({
    id: o.id,
    status: o.status,
    total: o.total,
    customer: orNull(customerOf(shop, o), (c) => ({ id: c.id, name: c.name, tier: c.tier })),
    lines: o.lines.map((line) => ({
      quantity: line.quantity,
      product: orNull(byId(shop.product, line.productId), (p) => ({
        name: p.name,
        replacedBy: orNull(byId(shop.product, p.replacedById), (next) => next.name),
      })),
    })),
  }));

export const naiveCustomerPage: Naive = (shop) =>
  shop.customer.map((c) => ({
    id: c.id,
    name: c.name,
    latest: ordersOf(shop, c)
      .sort(byTimeDown)
      .slice(0, LATEST)
      .map((o) => ({
        id: o.id,
        total: o.total,
        payment: orNull(paymentOf(shop, o), (p) => p.status),
      })),
  }));

export const naiveCustomerPageNext: Naive = (shop) =>
  shop.customer.map((c) => ({
    id: c.id,
    tier: c.tier,
    latest: ordersOf(shop, c)
      .sort((a, b) => b.total - a.total)
      .slice(0, LATEST)
      .map((o) => ({
        status: o.status,
        lines: o.lines.flatMap((line) => byId(shop.product, line.productId)?.name ?? []),
      })),
  }));

export const naiveConfirmedOrders: Naive = (shop) =>
  shop.order.flatMap((o) => {
    const c = customerOf(shop, o);
    if (o.status !== 'confirmed' || c === undefined) return [];
    const lines = o.lines.flatMap((line) => {
      const p = byId(shop.product, line.productId);
      return p === undefined ? [] : [{ quantity: line.quantity, product: p.name }];
    });
    return [{ id: o.id, total: o.total, customer: { name: c.name, tier: c.tier }, lines }];
  });

export const naiveProductPage: Naive = (shop) =>
  shop.product.map((p) => ({
    id: p.id,
    name: p.name,
    available: availableOf(shop, p),
    replacedBy: orNull(byId(shop.product, p.replacedById), (next) => ({
      name: next.name,
      available: availableOf(shop, next),
    })),
    replaces: inIdOrder(shop.product.filter((before) => before.replacedById === p.id)).map(
      (before) => before.name,
    ),
  }));

export const naiveCustomerOverview: Naive = (shop) =>
  shop.customer.map((c) => {
    const orders = ordersOf(shop, c);
    const totals = orders.map((o) => o.total);
    const times = orders.map((o) => o.placedAt).sort();
    return {
      id: c.id,
      name: c.name,
      orders: orders.length,
      spent: added(orders.filter((o) => o.status === 'confirmed').map((o) => o.total)),
      average: totals.length === 0 ? null : added(totals) / totals.length,
      largest: totals.length === 0 ? null : Math.max(...totals),
      since: times[0] ?? null,
    };
  });

export const naiveProductDemand: Naive = (shop) =>
  shop.product.map((p) => {
    const linesOf = (status: string): readonly { readonly orderId: string; readonly quantity: number }[] =>
      shop.order
        .filter((o) => o.status === status)
        .flatMap((o) => o.lines.map((line) => ({ ...line, orderId: o.id })))
        .filter((line) => line.productId === p.id);
    return {
      id: p.id,
      name: p.name,
      available: availableOf(shop, p),
      units: added(linesOf('confirmed').map((line) => line.quantity)),
      openOrders: new Set(linesOf('pending').map((line) => line.orderId)).size,
    };
  });

function added(numbers: readonly number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0);
}

function customerOf(shop: Shop, o: Row<'order'>): Row<'customer'> | undefined {
  return byId(shop.customer, o.customerId);
}

function paymentOf(shop: Shop, o: Row<'order'>): Row<'payment'> | undefined {
  return shop.payment.find((p) => p.orderId === o.id);
}

function availableOf(shop: Shop, p: Row<'product'>): number | null {
  return byId(shop.stock, p.id)?.available ?? null;
}

function ordersOf(shop: Shop, c: Row<'customer'>): Row<'order'>[] {
  return inIdOrder(shop.order.filter((o) => o.customerId === c.id));
}

/** The generated times have one form, so that their texts order as they do. */
function byTimeDown(a: Row<'order'>, b: Row<'order'>): number {
  return a.placedAt === b.placedAt ? 0 : a.placedAt > b.placedAt ? -1 : 1;
}

function byId<R extends { readonly id: string }>(rows: readonly R[], id: string | null): R | undefined {
  return rows.find((row) => row.id === id);
}

function inIdOrder<R extends { readonly id: string }>(rows: readonly R[]): R[] {
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function orNull<R, D>(row: R | undefined, make: (row: R) => D): D | null {
  return row === undefined ? null : make(row);
}
