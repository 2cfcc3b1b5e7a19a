import type { Write } from '#kernel';
import { keysSql, type Path } from '../fan-out/path.js';
import { copyTable } from '../schema/names.js';
import type { PathsBySource } from './served.js';

/** A write to wait for, and one way from its row to the roots of the view. */
export interface FollowedWrite {
  readonly write: Write;
  readonly path: Path;
}

/** Each write by each of its paths. A write to a source that the view does not use has none. */
export function followedWrites(writes: readonly Write[], paths: PathsBySource): readonly FollowedWrite[] {
  return writes.flatMap((write) => (paths.get(write.source) ?? []).map((path) => ({ write, path })));
}

/**
 * A sub-select of the keys that the rows hold now on their ways, as `(route, key)`, and its values, whose parameters are
 * numbered from `first` on.
 */
export function ownKeysSql(
  followed: readonly FollowedWrite[],
  first: number,
): { readonly sql: string; readonly values: readonly string[] } {
  const ofOne = ({ write, path }: FollowedWrite, at: number): string => `
    SELECT $${first + 2 * at}::jsonb AS route, own.key
    FROM ${copyTable(write.source)} AS copy CROSS JOIN LATERAL unnest(${keysSql(path)}) AS own (key)
    WHERE copy.id = $${first + 2 * at + 1} AND own.key IS NOT NULL`;
  return {
    sql:
      followed.length === 0
        ? 'SELECT NULL::jsonb AS route, NULL::text AS key WHERE false'
        : followed.map(ofOne).join('\n    UNION ALL'),
    values: followed.flatMap(({ write, path }) => [JSON.stringify(path.route), write.id]),
  };
}
