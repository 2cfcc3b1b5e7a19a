import { createTestSpace } from '#testing';

export const installation = createTestSpace;
