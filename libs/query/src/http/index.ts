export { querySchemas } from './docs/schemas.js';
export type { GuardResolver } from './guards.js';
export { QueryModule, queryStatuses, type QueryModuleOptions } from './query.module.js';
