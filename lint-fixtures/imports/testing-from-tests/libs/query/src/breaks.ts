export type { createTestSpace } from '#testing';
