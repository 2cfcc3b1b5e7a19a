import { views } from '#views';

export const search = views;
