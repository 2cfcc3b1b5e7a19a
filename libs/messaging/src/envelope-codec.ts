import { isUuid } from '#kernel';
import type { Envelope } from './envelope.js';
import { isRecord, parseJson } from './json-body.js';

/**
 * The largest body that is decoded, in bytes. Above the outbox's own cap (256 KiB), since other publishers may be more
 * generous, and far below what one delivery may cost a consumer that holds a whole prefetch in memory.
 */
export const maxEnvelopeBytes = 1024 * 1024;

export type DecodedEnvelope = { readonly envelope: Envelope } | { readonly fault: string };

/** The body of a message: the envelope as UTF-8 JSON. The envelope is the caller's to have right. */
export function encodeEnvelope(envelope: Envelope): Buffer {
  return Buffer.from(JSON.stringify(envelope), 'utf8');
}

/**
 * Reads the body of a message. It never throws: what is wrong becomes one sentence, for a dead letter. The state in
 * `data` is checked only for what no store can hold; its columns are for the source's contract to check.
 */
export function decodeEnvelope(body: Buffer, maxBytes: number = maxEnvelopeBytes): DecodedEnvelope {
  const parsed = parseJson(body, maxBytes);
  if ('fault' in parsed) return parsed;

  const found = parsed.value;
  for (const [field, check] of checks) {
    const fault = check(found[field]);
    if (fault !== null) return { fault: `The envelope's "${field}" ${fault}.` };
  }
  const dataFault = stateFault(found);
  if (dataFault !== null) return { fault: dataFault };
  return { envelope: pickEnvelope(found) };
}

/** What is wrong with one field, as the end of a sentence, or null. */
type FieldCheck = (value: unknown) => string | null;

const fieldChecks: Readonly<Record<Exclude<keyof Envelope, 'data'>, FieldCheck>> = {
  id: (value) => (typeof value === 'string' && isUuid(value) ? null : 'must be a UUID'),
  name: (value) =>
    matches(value, /^[A-Za-z][A-Za-z0-9_-]{0,127}$/, 'must be a name of letters, digits, _ and -'),
  source: (value) =>
    matches(value, /^[A-Za-z][A-Za-z0-9_-]{0,63}$/, 'must be a name of letters, digits, _ and -'),
  aggregateId: aggregateIdFault,
  epoch: (value) => wholeNumberFrom(0, value),
  version: (value) => wholeNumberFrom(1, value),
  deleted: (value) => (typeof value === 'boolean' ? null : 'must be true or false'),
  occurredAt: (value) => (isInstant(value) ? null : 'must be an instant like 2026-01-31T12:00:00.000Z'),
  traceparent: (value) =>
    value === null
      ? null
      : matches(
          value,
          /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
          'must be null or a W3C traceparent',
        ),
};

const checks = Object.entries(fieldChecks);

function matches(value: unknown, pattern: RegExp, fault: string): string | null {
  return typeof value === 'string' && pattern.test(value) ? null : fault;
}

function aggregateIdFault(value: unknown): string | null {
  if (typeof value !== 'string' || value === '') return 'must be a text that is not empty';
  if (Buffer.byteLength(value) > 128) return 'must have at most 128 bytes';
  return value.startsWith('_') ? 'must not begin with "_"' : null;
}

function wholeNumberFrom(min: number, value: unknown): string | null {
  return Number.isSafeInteger(value) && (value as number) >= min
    ? null
    : `must be a whole number from ${min} to 2^53 - 1`;
}

/** An instant of a day that every month has. */
const COMMON = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;

function isInstant(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  if (COMMON.test(value)) return true;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value)) return false;
  const time = new Date(value);
  // The round trip refuses what Date.parse rolls over, such as the 30th of February.
  return !Number.isNaN(time.getTime()) && time.toISOString() === value;
}

function stateFault(found: Readonly<Record<string, unknown>>): string | null {
  if (found['deleted'] === true)
    return found['data'] === null ? null : 'A deleted aggregate must have null as its "data".';
  return isRecord(found['data'])
    ? null
    : 'The envelope\'s "data" must be an object, unless "deleted" is true.';
}

/** Only the fields that this version knows: a field that a later publisher adds is not carried on. */
function pickEnvelope(checked: Readonly<Record<string, unknown>>): Envelope {
  // Every field was checked above; the compiler can not follow that through a table of checks.
  const { id, name, source, aggregateId, epoch, version, deleted, occurredAt, traceparent, data } =
    checked as unknown as Envelope;
  return { id, name, source, aggregateId, epoch, version, deleted, occurredAt, traceparent, data };
}
