export { queryApi } from '../apps/query-api/src/main.js';
