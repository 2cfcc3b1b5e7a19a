export { inASpec } from './thing.int.spec.js';
