export { QueryModule, queryStatuses, type QueryModuleOptions } from './query.module.js';
