import { views } from '#views';

export const commerce = views;
