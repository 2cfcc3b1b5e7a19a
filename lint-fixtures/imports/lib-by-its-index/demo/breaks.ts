export type { hidden } from '../libs/projection/src/private.js';
