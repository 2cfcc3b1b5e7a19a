import { createHash } from 'node:crypto';
import { now } from '#kernel';

export const views = { hash: createHash('sha256'), now };
export type Views = typeof views;
