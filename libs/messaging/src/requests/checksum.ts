import { createHash } from 'node:crypto';

/**
 * What copies and services are compared by. An aggregate's line is
 *
 *   <epoch>:<version>:<content>:<id>
 *
 * with the epoch and version in digits, the content's hash or nothing, and the id last, since it may hold anything: no two
 * aggregates have the same line. Its number is the first 64 bits of the line's SHA-256 (in UTF-8) as a signed integer,
 * and a range's checksum is the sum of its numbers, in decimal: whatever order they are read in, it is the same.
 *
 * SHA-256 and not PostgreSQL's own hash functions: those differ between machines of other byte order, and nothing
 * promises them for the next major version; both sides are servers of their own.
 */
export function lineNumberSql(line: {
  readonly epoch: string;
  readonly version: string;
  readonly id: string;
}): string {
  const text = `${line.epoch} || ':' || ${line.version} || '::' || ${line.id}`;
  return `('x' || left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), 16))::bit(64)::bigint`;
}

/** One aggregate, as both sides tell it. */
export interface ComparedLine {
  readonly id: string;
  readonly epoch: number;
  readonly version: number;
  /** Null where contents are not compared. */
  readonly content: string | null;
}

/** The same as `lineNumberSql`, for lines that were read. */
export function lineNumber({ id, epoch, version, content }: ComparedLine): bigint {
  const hex = sha256(`${epoch}:${version}:${content ?? ''}:${id}`).slice(0, 16);
  return BigInt.asIntN(64, BigInt(`0x${hex}`));
}

/** The hash of a state: 16 hex digits of the SHA-256 of its JSON in canonical form (RFC 8785). */
export function contentHash(state: unknown): string {
  return sha256(canonicalJson(state)).slice(0, 16);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** JSON with the members of every object in the order of their names (RFC 8785), made by hand: objects sort 10 behind 9. */
export function canonicalJson(value: unknown): string {
  return canonical(JSON.parse(JSON.stringify(value)));
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}
