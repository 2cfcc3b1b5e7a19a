export { installation } from './testing.js';
