import type { Route } from '#views';
import { fanOutRoute, type KeyShapes } from '../marks/trigger-sql.js';
import { keyColumn } from '../schema/names.js';
import type { FanOutKey, FanOutRoute } from './fan-out-route.js';

/** What is run for a changed row: a route with the form of its first key, or of the column that holds the root ids. */
export interface Path {
  readonly route: FanOutRoute;
  readonly start: FanOutKey;
}

export function pathOf(route: Omit<Route, 'level' | 'columns'>, shapes: KeyShapes): Path {
  return {
    route: fanOutRoute(route, shapes),
    start: { path: route.start, many: shapes(route.source, route.start).many },
  };
}

/** The keys that a row of the copy begins the path with, as SQL of an array; some may be null. */
export function keysSql({ start }: Path): string {
  const column = `copy.${keyColumn(start.path)}`;
  return start.many ? column : `ARRAY[${column}]`;
}
