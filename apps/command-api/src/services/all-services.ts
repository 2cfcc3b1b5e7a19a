import { catalog } from '../catalog/catalog.module.js';
import type { ServiceName } from '../config.js';
import { customers } from '../customers/customers.module.js';
import { orders } from '../orders/orders.module.js';
import { payments } from '../payments/payments.module.js';
import { shipping } from '../shipping/shipping.module.js';
import type { ServiceDefinition } from './service-definition.js';

export const allServices: Readonly<Record<ServiceName, ServiceDefinition>> = {
  customers,
  catalog,
  orders,
  payments,
  shipping,
};
