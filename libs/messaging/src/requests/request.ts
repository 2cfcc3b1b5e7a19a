import { isUuid } from '#kernel';
import { parseJson } from '../json-body.js';
import { replyQueuePrefix } from '../topology.js';
import { decodeQuestion, type ComparingQuestion } from './compare.js';

/** A copy as the projection holds it: the version of an aggregate that it once received. */
export interface CopyVersion {
  readonly id: string;
  readonly epoch: number;
  readonly version: number;
}

interface RequestBase {
  /** UUID of the request; the same one sent again asks for the same thing once. */
  readonly id: string;
  /** The source that is asked about; its owner answers. */
  readonly source: string;
  /** The queue that the answers go to. */
  readonly replyTo: string;
}

/** Publish the current state of all aggregates again. A number raises the source epoch above it and itself first. */
export type ResyncRequest = RequestBase & {
  readonly kind: 'resync';
  readonly raiseEpochAbove: number | null;
};

/** Say which of these copies have no aggregate any more, and publish their deletion. */
export type GoneRequest = RequestBase & {
  readonly kind: 'whichAreGone';
  readonly aggregates: readonly CopyVersion[];
};

/** What may be asked of the service that owns a source. */
export type ServiceRequest = ResyncRequest | GoneRequest | ComparingRequest;

/** What copies are compared and mended by. */
export type ComparingRequest = RequestBase & ComparingQuestion;

/** The most copies that one request may ask about. */
export const maxCopiesAsked = 1_000;
const maxRequestBytes = 1024 * 1024;
const bodyVersion = 1;

export function encodeRequest(request: ServiceRequest): Buffer {
  return Buffer.from(JSON.stringify({ v: bodyVersion, ...request }));
}

/** What is wrong, and where it can be said: null where the request does not tell. */
export interface RequestFault {
  readonly fault: string;
  readonly replyTo: string | null;
}

/**
 * Reads the body of a request; it never throws. A reply queue must be one of this installation's, so that nobody can
 * have a service write to other queues.
 */
export function decodeRequest(
  body: Buffer,
  busPrefix: string,
): { readonly request: ServiceRequest } | RequestFault {
  const parsed = parseJson(body, maxRequestBytes);
  if ('fault' in parsed) return { fault: parsed.fault, replyTo: null };
  const { v, kind, id, source, replyTo, raiseEpochAbove, aggregates } = parsed.value;
  if (typeof replyTo !== 'string' || !replyTo.startsWith(replyQueuePrefix(busPrefix)))
    return { fault: `Its "replyTo" must begin with ${replyQueuePrefix(busPrefix)}.`, replyTo: null };
  const faulty = (fault: string): RequestFault => ({ fault, replyTo });

  if (v !== bodyVersion) return faulty(`Its "v" must be ${bodyVersion}.`);
  if (typeof id !== 'string' || !isUuid(id)) return faulty('Its "id" must be a UUID.');
  if (typeof source !== 'string' || source === '')
    return faulty('Its "source" must be the name of a source.');
  const base = { id, source, replyTo };
  if (kind === 'resync') {
    return raiseEpochAbove === null || isCount(raiseEpochAbove)
      ? { request: { kind, ...base, raiseEpochAbove } }
      : faulty('Its "raiseEpochAbove" must be null or a whole number from 0.');
  }
  if (kind === 'whichAreGone') {
    return isCopies(aggregates)
      ? { request: { kind, ...base, aggregates } }
      : faulty(`Its "aggregates" must be at most ${maxCopiesAsked} of { id, epoch, version }.`);
  }
  const question = decodeQuestion(parsed.value);
  if (question === null)
    return faulty('Its "kind" must be resync, whichAreGone, checksum, versions or publish.');
  return 'fault' in question ? faulty(question.fault) : { request: { ...base, ...question } };
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isCopies(value: unknown): value is readonly CopyVersion[] {
  return Array.isArray(value) && value.length <= maxCopiesAsked && value.every(isCopy);
}

function isCopy(value: unknown): value is CopyVersion {
  if (typeof value !== 'object' || value === null) return false;
  const { id, epoch, version } = value as Partial<Record<keyof CopyVersion, unknown>>;
  return typeof id === 'string' && isCount(epoch) && isCount(version);
}
