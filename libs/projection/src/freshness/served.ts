import type { Pool } from 'pg';
import { routesOf, type Plan } from '#views';
import { pathOf, type Path } from '../fan-out/path.js';
import { unionOfRoutes } from '../marks/trigger-routes.js';
import { currentSchema, keyShapes } from '../marks/triggers.js';
import { withClient } from '../revision/client.js';

/** By source, what a change of one of its rows does to a view. A source that is not in it does nothing. */
export type PathsBySource = ReadonlyMap<string, readonly Path[]>;

/**
 * The indices that a view's readers may get their answers from: that of the live generation, and that of the one that is
 * being built, since a swap moves the alias before its transaction commits. Null while no live generation is written to:
 * nothing that is written now gets to the readers then.
 */
export async function servedIndices(pool: Pool, view: string): Promise<readonly string[] | null> {
  const { rows } = await pool.query<{ index_name: string; written: boolean }>(
    `SELECT index_name, state = 'live' AND stopped IS NULL AS written
     FROM generation WHERE view = $1 AND state IN ('live', 'building') ORDER BY number`,
    [view],
  );
  return rows.some(({ written }) => written) ? rows.map(({ index_name }) => index_name) : null;
}

/** The paths of the generations of each view, read once as long as these are the same. */
export class PathsOfViews {
  readonly #known = new Map<string, { readonly indices: string; readonly paths: PathsBySource }>();

  constructor(private readonly pool: Pool) {}

  /** Null as `servedIndices`. */
  async read(view: string): Promise<PathsBySource | null> {
    const names = await servedIndices(this.pool, view);
    if (names === null) return null;
    const indices = names.join(' ');
    const known = this.#known.get(view);
    if (known?.indices === indices) return known.paths;
    const paths = await readPaths(this.pool, names);
    this.#known.set(view, { indices, paths });
    return paths;
  }
}

async function readPaths(pool: Pool, indexNames: readonly string[]): Promise<PathsBySource> {
  return withClient(pool, async (client) => {
    const { rows } = await client.query<{ plan: Plan }>(
      'SELECT plan FROM generation WHERE index_name = ANY($1)',
      [indexNames],
    );
    const shapes = await keyShapes(client, await currentSchema(client));
    const routes = unionOfRoutes(
      rows.map(({ plan }) => plan),
      routesOf,
    );
    return new Map(
      [...routes].map(([source, ofSource]) => [source, ofSource.map((route) => pathOf(route, shapes))]),
    );
  });
}
