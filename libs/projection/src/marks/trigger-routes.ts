import type { ColumnPath, Plan, Route } from '#views';

/** What the triggers of one source write: a mark for each key at `start`, or, with steps, a fan-out row. */
export interface TriggerRoute {
  readonly view: string;
  readonly source: string;
  readonly start: ColumnPath;
  readonly steps: Route['steps'];
  /** The top-level members of the state that are compared when a row is updated. */
  readonly columns: readonly string[];
}

/**
 * The union of the routes of all plans, by source. Routes that lead the same way from the same key become one, with
 * the columns of all: two generations of a view mostly differ in a column or two, and marks name the view alone.
 */
export function unionOfRoutes(
  plans: readonly Plan[],
  routesOf: (plan: Plan) => readonly Route[],
): ReadonlyMap<string, readonly TriggerRoute[]> {
  const columnsByWay = new Map<string, { readonly route: Route; readonly columns: Set<string> }>();
  for (const plan of plans) {
    for (const route of routesOf(plan)) {
      const way = JSON.stringify([route.source, route.view, route.start, route.steps]);
      const merged = columnsByWay.get(way) ?? { route, columns: new Set<string>() };
      for (const column of route.columns) merged.columns.add(column);
      columnsByWay.set(way, merged);
    }
  }
  // Sorted, so that the same union always makes the same SQL, whatever the order of the plans.
  const merged = [...columnsByWay]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { route, columns }]) => ({
      view: route.view,
      source: route.source,
      start: route.start,
      steps: route.steps,
      columns: [...columns].sort(),
    }));
  return Map.groupBy(merged, (route) => route.source);
}
