/** For tests and benchmarks of other folders: copies of a shop of any size. */
export { seededId, seedOrders, type SeededOrders } from './seed-orders.js';
export { emptyDatabase } from './empty-database.js';
export { documentsWith, tablesWith } from './find-text.js';
