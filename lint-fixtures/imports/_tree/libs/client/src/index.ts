import type { Views } from '#views';

export type Client = Views;
