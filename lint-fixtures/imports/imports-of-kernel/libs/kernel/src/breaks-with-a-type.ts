export type { views } from '#views';
