import { messaging } from '#messaging';
import type { EntityManager } from 'typeorm';

export const append = (_manager: EntityManager): number => messaging;
