/** Orders of every kind of field, and what can be asked of them, for tests and benchmarks. */
export { orderPlan } from './order-plan.js';
export { order } from './random-orders.js';
