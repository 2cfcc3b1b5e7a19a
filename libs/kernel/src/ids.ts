import { v7, validate } from 'uuid';

/** A new UUIDv7 (RFC 9562): unique without coordination, and ordered by time, which keeps index inserts local. */
export function newId(): string {
  return v7();
}

/** Whether `text` is a UUID of any version. */
export function isUuid(text: string): boolean {
  return validate(text);
}
