import type { Resource, World } from '../world.js';

/** What the commands answered last, as the nested loops of the expected documents read it. */
export interface Rows {
  readonly customers: ReadonlyMap<string, Resource>;
  readonly products: ReadonlyMap<string, Resource>;
  readonly stock: ReadonlyMap<string, Resource>;
  readonly orders: ReadonlyMap<string, Resource>;
  readonly paymentOf: ReadonlyMap<string, Resource>;
  readonly shipmentOf: ReadonlyMap<string, Resource>;
  readonly shipments: ReadonlyMap<string, Resource>;
}

export interface Line {
  readonly productId: string;
  readonly quantity: number;
  readonly unitPrice: number;
}

export function rowsOf({ resources }: World): Rows {
  const rows = (name: Parameters<typeof resources.get>[0]) =>
    resources.get(name) ?? new Map<string, Resource>();
  const byOrder = (name: 'payments' | 'shipments') =>
    new Map([...rows(name).values()].map((row) => [row['orderId'] as string, row]));
  return {
    customers: rows('customers'),
    products: rows('products'),
    stock: rows('stock'),
    orders: rows('orders'),
    paymentOf: byOrder('payments'),
    shipmentOf: byOrder('shipments'),
    shipments: rows('shipments'),
  };
}

export function linesOf(order: Resource): readonly Line[] {
  return order['lines'] as readonly Line[];
}

export function optional(row: Resource | undefined, names: readonly string[]): object | null {
  return row === undefined ? null : pick(row, names);
}

export function pick(row: Readonly<Record<string, unknown>>, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, row[name]]));
}

/** The customer's columns lie flat in the source, and the address in an object of its own in the API. */
export function customerPart(customer: Resource | undefined, names: readonly string[]): object | null {
  return customer === undefined ? null : pick({ ...customer, ...(customer['address'] as object) }, names);
}
