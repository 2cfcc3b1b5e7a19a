import type { FilterValue } from '../plan/plan.js';

/** Mean radius of the earth in metres, as Lucene has it. */
const earthRadius = 6_371_008.7714;

const units: Readonly<Record<string, number>> = { m: 1, km: 1_000, mi: 1_609.344 };

/** The metres of `5km`, `800m` or `1.5mi`, or null for anything else. More than nothing, and less than half the earth. */
export function metresOf(text: string): number | null {
  const [, count, unit = ''] = /^(\d{1,8}(?:\.\d{1,6})?)(m|km|mi)$/.exec(text) ?? [];
  const metres = Number(count) * (units[unit] ?? NaN);
  return metres > 0 && metres <= Math.PI * earthRadius ? metres : null;
}

/** `{ lat, lon, distance }` as the values of a `near` condition (latitude, longitude, metres), or null. */
export function placeOf({ lat, lon, distance, ...others }: Record<string, unknown>): FilterValue[] | null {
  if (!isWithin(lat, 90) || !isWithin(lon, 180) || Object.keys(others).length > 0) return null;
  const metres = typeof distance === 'string' ? metresOf(distance) : null;
  return metres === null ? null : [lat, lon, metres];
}

/** Whether a point `{ lat, lon }` lies within the distance of a `near` condition's values. */
export function isNear([lat, lon, metres]: readonly FilterValue[], point: unknown): boolean {
  if (!isPoint(point)) return false;
  const [latitude, longitude] = [radians(Number(lat)), radians(Number(lon))];
  const [otherLatitude, otherLongitude] = [radians(point.lat), radians(point.lon)];
  // Method: haversine, which is exact for short distances too.
  const h =
    Math.sin((otherLatitude - latitude) / 2) ** 2 +
    Math.cos(latitude) * Math.cos(otherLatitude) * Math.sin((otherLongitude - longitude) / 2) ** 2;
  return 2 * earthRadius * Math.asin(Math.min(1, Math.sqrt(h))) <= Number(metres);
}

function isPoint(value: unknown): value is { readonly lat: number; readonly lon: number } {
  return typeof value === 'object' && value !== null && 'lat' in value && 'lon' in value;
}

function isWithin(value: unknown, most: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= most;
}

function radians(degrees: number): number {
  return (degrees * Math.PI) / 180;
}
