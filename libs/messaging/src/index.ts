export type {
  BatchHandler,
  ConnectionState,
  ConsumeOptions,
  Consumer,
  ConsumerSize,
  Delivery,
  OutgoingMessage,
  Publisher,
  PublishOutcome,
} from './bus.js';
export type { Envelope } from './envelope.js';
export { decodeEnvelope, encodeEnvelope, maxEnvelopeBytes, type DecodedEnvelope } from './envelope-codec.js';
export {
  encodeAnswer,
  type AggregateVersion,
  type RangeChecksum,
  type ServiceAnswer,
} from './requests/answer.js';
export {
  canonicalJson,
  contentHash,
  lineNumber,
  lineNumberSql,
  type ComparedLine,
} from './requests/checksum.js';
export {
  maxIdsAsked,
  maxRangesAsked,
  type ChecksumQuestion,
  type ComparingQuestion,
  type IdRange,
  type PublishQuestion,
  type VersionsQuestion,
} from './requests/compare.js';
export {
  decodeRequest,
  encodeRequest,
  maxCopiesAsked,
  type ComparingRequest,
  type CopyVersion,
  type GoneRequest,
  type ResyncRequest,
  type ServiceRequest,
} from './requests/request.js';
export {
  busNames,
  eventTopology,
  replyQueue,
  requestQueue,
  requestTopology,
  routingKeyOf,
  type BusNames,
  type QueueDeclaration,
  type Topology,
} from './topology.js';
export { startConsumer, type ConsumerOptions } from './rabbitmq/consumer.js';
export { declareTopology } from './rabbitmq/declare-topology.js';
export {
  inspectBroker,
  type BrokerReport,
  type InspectBrokerOptions,
  type QueueState,
} from './rabbitmq/inspect-broker.js';
export { connectPublisher, type PublisherOptions } from './rabbitmq/publisher.js';
export { connectRequester, type Requester, type RequesterOptions } from './rabbitmq/requester.js';
export { tailEvents, type Tail, type TailedEvent, type TailOptions } from './rabbitmq/tail.js';
