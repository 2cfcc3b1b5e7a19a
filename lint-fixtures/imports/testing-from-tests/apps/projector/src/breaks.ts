export { createTestSpace } from '#testing';
