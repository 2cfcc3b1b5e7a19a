import { one } from './breaks.js';

export const two: number = one + 1;
