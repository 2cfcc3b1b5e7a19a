export type {
  BatchHandler,
  ConnectionState,
  ConsumeOptions,
  Consumer,
  Delivery,
  OutgoingMessage,
  Publisher,
  PublishOutcome,
} from './bus.js';
export type { Envelope } from './envelope.js';
export { decodeEnvelope, encodeEnvelope, maxEnvelopeBytes, type DecodedEnvelope } from './envelope-codec.js';
export {
  busNames,
  eventTopology,
  routingKeyOf,
  type BusNames,
  type QueueDeclaration,
  type Topology,
} from './topology.js';
export { startConsumer, type ConsumerOptions } from './rabbitmq/consumer.js';
export { declareTopology } from './rabbitmq/declare-topology.js';
export { connectPublisher, type PublisherOptions } from './rabbitmq/publisher.js';
