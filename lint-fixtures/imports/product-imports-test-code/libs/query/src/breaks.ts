export { rows } from './testing/rows.js';
