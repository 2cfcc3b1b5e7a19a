/**
 * The one order of values: numbers by value, false before true, strings by code point (as PostgreSQL's C collation and
 * Elasticsearch's keywords order their UTF-8), instants by time. Negative, zero or positive, as in Array.sort.
 */
export function compareValues(a: unknown, b: unknown, as: 'instant' | undefined): number {
  if (as === 'instant' && typeof a === 'string' && typeof b === 'string') return compareInstants(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const [x, y] = [Number(a), Number(b)];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** JavaScript's own order is by UTF-16 unit, which puts U+FFFD after the emoji; surrogates are moved above the rest. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return codePointRank(x) - codePointRank(y);
  }
  return a.length - b.length;
}

function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/** Milliseconds first; digits beyond them, which Date drops, by text. */
function compareInstants(a: string, b: string): number {
  const [x, y] = [millisecondsOf(a), millisecondsOf(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return compareText(a, b);
  return x - y || compareText(finerDigits(a), finerDigits(b));
}

/** Date.parse knows neither a leap second nor an offset without minutes, both of which an event's contract lets pass. */
function millisecondsOf(instant: string): number {
  const time = Date.parse(instant);
  if (!Number.isNaN(time)) return time;
  const leap = /:60(?=[.Z+-])/i;
  const parsed = Date.parse(instant.replace(leap, ':59').replace(/(T.*[+-]\d{2})$/i, '$1:00'));
  return leap.test(instant) ? parsed + 1_000 : parsed;
}

function finerDigits(instant: string): string {
  return /\.\d{3}(\d*?)0*(?:Z|[+-]\d{2}(?::?\d{2})?)$/i.exec(instant)?.[1] ?? '';
}
