/**
 * For tests only: nine domains with twelve views, which among them use every kind of column, join and roll-up, each with
 * rows and the documents that they must make.
 * What the compiler says of a file of type tests is read by misusesIn and compileText.
 */
import { billing, receivables } from './domains/billing.js';
import { agenda, clinic } from './domains/clinic.js';
import { deviceList, devices } from './domains/devices.js';
import { listingSearch, marketplace } from './domains/marketplace.js';
import { articles, press } from './domains/press.js';
import { customerOverview, orderSearch, productDemand, shop } from './domains/shop.js';
import { people, staff } from './domains/staff.js';
import { support, tickets } from './domains/support.js';
import { tasks, work, workload } from './domains/work.js';

export { compileText, type CompiledText } from './compiler.js';
export { misusesIn, type Misuse } from './misuses.js';
export type { Domain, ExpectedView, State } from './domain.js';
export { billing, clinic, devices, marketplace, press, shop, staff, support, work };
export {
  agenda,
  articles,
  customerOverview,
  deviceList,
  listingSearch,
  orderSearch,
  people,
  productDemand,
  receivables,
  tasks,
  tickets,
  workload,
};
export const domains = [shop, clinic, marketplace, support, staff, press, billing, devices, work] as const;
