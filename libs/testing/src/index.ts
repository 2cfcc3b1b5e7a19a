export { eventMessage, type EventOf } from './event-message.js';
export { eventually, type EventuallyOptions } from './eventually.js';
export { startFaultyProxy, type FaultyProxy } from './faulty-proxy.js';
export {
  startPrivateElasticsearch,
  startPrivatePostgres,
  startPrivateRabbitmq,
  untilQueuesAreOnDisk,
  type PrivateServer,
} from './private-servers.js';
export { seededRandom } from './random.js';
export { createTestSpace, serverUrls, type TestSpace, type TestSpaceOptions } from './test-space.js';
