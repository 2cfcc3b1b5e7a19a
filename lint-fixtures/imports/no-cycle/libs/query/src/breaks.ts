import { two } from './breaks-back.js';

export const one: number = two + 1;
