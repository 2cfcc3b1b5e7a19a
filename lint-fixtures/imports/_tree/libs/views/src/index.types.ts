import { views } from './index.js';

export type Views = typeof views;
