export { eventually, type EventuallyOptions } from './eventually.js';
export { createTestSpace, serverUrls, type TestSpace, type TestSpaceOptions } from './test-space.js';
