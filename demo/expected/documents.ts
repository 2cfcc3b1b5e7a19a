import type { World } from '../world.js';
import { expectedCustomers } from './customers.js';
import { expectedOrders } from './orders.js';
import { expectedProducts } from './products.js';
import { rowsOf } from './rows.js';
import { expectedShipments } from './shipments.js';

export type ViewName = 'order-search' | 'customer-overview' | 'product-demand' | 'shipment-tracking';

/**
 * The documents of every view that follow from what the command API answered: nested loops over plain objects, written
 * without the engine, so that they can bear witness against it.
 */
export function expectedDocuments(world: World): Readonly<Record<ViewName, ReadonlyMap<string, unknown>>> {
  const rows = rowsOf(world);
  return {
    'order-search': expectedOrders(rows),
    'customer-overview': expectedCustomers(rows),
    'product-demand': expectedProducts(rows),
    'shipment-tracking': expectedShipments(rows),
  };
}
