import type { query } from '#query';

export type Query = typeof query;
