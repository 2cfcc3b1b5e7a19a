/** For tests and benchmarks of other folders: copies of a shop of any size. */
export { seededId, seedOrders, type SeededOrders } from './seed-orders.js';
export { documentsWith, tablesWith } from './find-text.js';
