import { customer, order, payment, product, shipment, stock } from './sources.js';
import { customerOverview } from './views/customer-overview.view.js';
import { orderSearch } from './views/order-search.view.js';
import { productDemand } from './views/product-demand.view.js';
import { shipmentTracking } from './views/shipment-tracking.view.js';

export { customer, order, payment, product, shipment, stock } from './sources.js';
export { customerOverview, type CustomerOverview } from './views/customer-overview.view.js';
export { orderSearch, type OrderSearch } from './views/order-search.view.js';
export { productDemand, type ProductDemand } from './views/product-demand.view.js';
export { shipmentTracking, type ShipmentTracking } from './views/shipment-tracking.view.js';

/** Every source, for what is made of all: copies, events and their schemas. */
export const sources = [customer, product, stock, order, payment, shipment] as const;
/** Every view that is served. */
export const views = [orderSearch, customerOverview, productDemand, shipmentTracking] as const;
