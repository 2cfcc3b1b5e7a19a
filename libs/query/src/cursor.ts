import { timingSafeEqual } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { PointInTime } from '#search';
import { canonicalJson } from '#views';
import { signatureOf } from './signature.js';

/** What a cursor carries: the whole query, so that it needs no state and no other parameter. */
export interface CursorState {
  readonly view: string;
  /** The query without the cursor in its canonical form: a query string, or the JSON of a search, which begins with `{`. */
  readonly query: string;
  /** When the first page was asked, in epoch milliseconds: what relative instants count from on every page. */
  readonly now: number;
  /** The sort values of the last hit. */
  readonly after: readonly (string | number | boolean | null)[];
  /** null when nothing was counted. */
  readonly total: number | null;
  readonly totalIsExact: boolean;
  /** The state that the walk sees; null for one that sees what there is. */
  readonly snapshot: PointInTime | null;
  /** Stands for whose documents the walk sees; null when it sees all. */
  readonly guard: string | null;
}

const version = '3';
/** Of what is packed: a cursor goes into a URL, and the JSON of a search can be longer than one may be. */
const packedVersion = '3z';
const packedFrom = 1_000;

/**
 * Text that only a holder of `secret` can make: `3.<state>.<HMAC-SHA256 of both>`. It is signed and not encrypted: it
 * holds what its receiver was shown anyway.
 */
export function encodeCursor(state: CursorState, secret: string): string {
  const { view, query, now, after, total, totalIsExact, snapshot, guard } = state;
  const members = [
    view,
    query,
    now,
    after,
    total,
    totalIsExact,
    snapshot,
    ...(guard === null ? [] : [guard]),
  ];
  const written = Buffer.from(JSON.stringify(members));
  const isPacked = written.length >= packedFrom;
  const text = (isPacked ? deflateRawSync(written) : written).toString('base64url');
  const body = `${isPacked ? packedVersion : version}.${text}`;
  return `${body}.${signatureOf(body, secret)}`;
}

/** The state of a cursor, or null when it was not made by `encodeCursor` with this secret and version. */
export function decodeCursor(cursor: string, secret: string): CursorState | null {
  const end = cursor.lastIndexOf('.');
  if (end === -1) return null;
  const body = cursor.slice(0, end);
  // The signatures are compared as text: base64 spells one value in several ways, and all but one are refused.
  const [given, right] = [Buffer.from(cursor.slice(end + 1)), Buffer.from(signatureOf(body, secret))];
  if (given.length !== right.length || !timingSafeEqual(given, right)) return null;
  const [made, text = ''] = body.split('.');
  if (made !== version && made !== packedVersion) return null;
  // Signed, hence written by encodeCursor in this version: the shape is not looked at again.
  const bytes = Buffer.from(text, 'base64url');
  const state = JSON.parse((made === version ? bytes : inflateRawSync(bytes)).toString()) as [
    CursorState['view'],
    CursorState['query'],
    CursorState['now'],
    CursorState['after'],
    CursorState['total'],
    CursorState['totalIsExact'],
    CursorState['snapshot'],
    CursorState['guard']?,
  ];
  const [view, query, now, after, total, totalIsExact, snapshot, guard = null] = state;
  return { view, query, now, after, total, totalIsExact, snapshot, guard };
}

/** The query string without its cursor, with the parameters in one order: a client may send them in any. */
export function canonicalQuery(query: string): string {
  const parameters = new URLSearchParams(query);
  parameters.delete('cursor');
  parameters.sort();
  return parameters.toString();
}

/** The JSON of a search without its cursor, with its members in one order; empty when there are none. */
export function canonicalSearch(body: Readonly<Record<string, unknown>>): string {
  const { cursor: _cursor, ...query } = body;
  return Object.keys(query).length === 0 ? '' : canonicalJson(query);
}
