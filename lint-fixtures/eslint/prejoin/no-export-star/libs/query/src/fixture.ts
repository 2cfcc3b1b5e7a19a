export * from './other.js'; // refused
export { other as named } from './other.js';
export * as others from './other.js';
