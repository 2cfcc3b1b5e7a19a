export { now } from './now.js';
