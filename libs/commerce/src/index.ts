import { customer, order, payment, product, shipment, stock } from './sources.js';
import { orderSearch } from './views/order-search.view.js';

export { customer, order, payment, product, shipment, stock } from './sources.js';
export { orderSearch, type OrderSearch } from './views/order-search.view.js';

/** Every source, for what is made of all: copies, events and their schemas. */
export const sources = [customer, product, stock, order, payment, shipment] as const;
/** Every view that is served. */
export const views = [orderSearch] as const;
