import { now } from '#kernel';

export const messaging = now();
