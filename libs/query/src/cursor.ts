import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a cursor carries: the whole query, so that it needs no state and no other parameter. */
export interface CursorState {
  readonly view: string;
  /** The query string without the cursor, in canonical order. */
  readonly query: string;
  /** When the first page was asked, in epoch milliseconds: what relative instants count from on every page. */
  readonly now: number;
  /** The sort values of the last hit. */
  readonly after: readonly (string | number | boolean | null)[];
  readonly total: number;
  readonly totalIsExact: boolean;
}

const version = '1';

/**
 * Text that only a holder of `secret` can make: `1.<state>.<HMAC-SHA256 of both>`. It is signed and not encrypted: it
 * holds what its receiver was shown anyway.
 */
export function encodeCursor(state: CursorState, secret: string): string {
  const { view, query, now, after, total, totalIsExact } = state;
  const body = `${version}.${Buffer.from(JSON.stringify([view, query, now, after, total, totalIsExact])).toString('base64url')}`;
  return `${body}.${sign(body, secret)}`;
}

/** The state of a cursor, or null when it was not made by `encodeCursor` with this secret and version. */
export function decodeCursor(cursor: string, secret: string): CursorState | null {
  const end = cursor.lastIndexOf('.');
  if (end === -1) return null;
  const body = cursor.slice(0, end);
  // The signatures are compared as text: base64 spells one value in several ways, and all but one are refused.
  const [given, right] = [Buffer.from(cursor.slice(end + 1)), Buffer.from(sign(body, secret))];
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
  if (!body.startsWith(`${version}.`)) return null;
  // Signed, hence written by encodeCursor in this version: the shape is not looked at again.
  const state = JSON.parse(Buffer.from(body.slice(version.length + 1), 'base64url').toString()) as [
    CursorState['view'],
    CursorState['query'],
    CursorState['now'],
    CursorState['after'],
    CursorState['total'],
    CursorState['totalIsExact'],
  ];
  const [view, query, now, after, total, totalIsExact] = state;
  return { view, query, now, after, total, totalIsExact };
}

/** The query string without its cursor, with the parameters in one order: a client may send them in any. */
export function canonicalQuery(query: string): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('cursor');
  parameters.sort();
  return parameters.toString();
}

function sign(body: string, secret: string): string {
  return createHmac('sha256', secret).update(body).digest('base64url');
}
