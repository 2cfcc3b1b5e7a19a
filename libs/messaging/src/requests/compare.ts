import { isRecord } from '../json-body.js';

/** Ids above `after` up to and with `to`, compared by byte; null is open. */
export interface IdRange {
  readonly after: string | null;
  readonly to: string | null;
}

/** Say how many aggregates each range has, those that are deleted left out, and their checksum (checksum.ts). */
export interface ChecksumQuestion {
  readonly kind: 'checksum';
  readonly ranges: readonly IdRange[];
  readonly contents: boolean;
}

/** Say the versions of these aggregates, or of the first in a range. */
export interface VersionsQuestion {
  readonly kind: 'versions';
  readonly of: { readonly ids: readonly string[] } | { readonly range: IdRange; readonly limit: number };
  readonly contents: boolean;
}

/** Publish these aggregates again, at the versions that they have. */
export interface PublishQuestion {
  readonly kind: 'publish';
  readonly ids: readonly string[];
}

export type ComparingQuestion = ChecksumQuestion | VersionsQuestion | PublishQuestion;

/** What one request may ask for at most, so that no answer takes long. */
export const maxRangesAsked = 64;
export const maxIdsAsked = 500;

type Fields = Readonly<Record<string, unknown>>;

/** What a request of one of these kinds asks, or what is wrong with it; null for another kind. */
export function decodeQuestion(fields: Fields): ComparingQuestion | { readonly fault: string } | null {
  switch (fields['kind']) {
    case 'checksum':
      return decodeChecksum(fields);
    case 'versions':
      return decodeVersions(fields);
    case 'publish':
      return isIds(fields['ids'])
        ? { kind: 'publish', ids: fields['ids'] }
        : { fault: `Its "ids" must be at most ${maxIdsAsked} ids.` };
    default:
      return null;
  }
}

function decodeChecksum({ ranges, contents }: Fields): ChecksumQuestion | { readonly fault: string } {
  if (!Array.isArray(ranges) || ranges.length > maxRangesAsked || !ranges.every(isRange))
    return { fault: `Its "ranges" must be at most ${maxRangesAsked} of { after, to }.` };
  if (typeof contents !== 'boolean') return { fault: 'Its "contents" must be true or false.' };
  return { kind: 'checksum', ranges, contents };
}

function decodeVersions({ of, contents }: Fields): VersionsQuestion | { readonly fault: string } {
  if (typeof contents !== 'boolean') return { fault: 'Its "contents" must be true or false.' };
  if (isRecord(of)) {
    const { ids, range, limit } = of;
    if (isIds(ids)) return { kind: 'versions', of: { ids }, contents };
    if (isRange(range) && isLimit(limit)) return { kind: 'versions', of: { range, limit }, contents };
  }
  return { fault: `Its "of" must be { ids } or { range, limit }, with at most ${maxIdsAsked} of them.` };
}

function isLimit(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= maxIdsAsked;
}

function isRange(value: unknown): value is IdRange {
  return isRecord(value) && isBound(value['after']) && isBound(value['to']);
}

function isBound(value: unknown): value is string | null {
  return value === null || isId(value);
}

function isIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length <= maxIdsAsked && value.every(isId);
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && Buffer.byteLength(value) <= 128 && !value.includes('\0');
}
