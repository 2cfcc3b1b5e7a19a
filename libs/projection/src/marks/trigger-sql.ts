import { createHash } from 'node:crypto';
import pg from 'pg';
import { copyTable, keyColumn, sqlName } from '../schema/names.js';
import type { FanOutRoute } from '../fan-out/fan-out-route.js';
import type { TriggerRoute } from './trigger-routes.js';

/** Whether the key at a path of a source holds one key or several. */
export type KeyShapes = (source: string, path: string) => { readonly many: boolean };

/** The triggers of one source. `name` changes with anything that they do. */
export interface SourceTriggers {
  readonly source: string;
  readonly name: string;
  readonly create: readonly string[];
}

type Operation = 'INSERT' | 'UPDATE' | 'DELETE';

const operations: readonly Operation[] = ['INSERT', 'UPDATE', 'DELETE'];

/**
 * Every name of a marking trigger and its function begins with this; the rest is a hash of what they do. A function is
 * never replaced under its name: a writer that ran the old one and is still open would commit without the new marks,
 * and CREATE OR REPLACE FUNCTION does not wait for it as CREATE TRIGGER does.
 */
export const triggerPrefix = 'prejoin_mark_';

export function sourceTriggers(
  schema: string,
  source: string,
  routes: readonly TriggerRoute[],
  shapes: KeyShapes,
): SourceTriggers {
  const bodies = operations.map((operation) => ({
    operation,
    body: bodyOf(schema, operation, routes, shapes),
  }));
  const hash = createHash('sha256')
    .update(JSON.stringify([source, bodies]))
    .digest('hex')
    .slice(0, 12);
  const name = `${triggerPrefix}${hash}`;
  return {
    source,
    name,
    create: bodies.flatMap(({ operation, body }) => createSql(schema, source, name, operation, body)),
  };
}

function createSql(
  schema: string,
  source: string,
  name: string,
  operation: Operation,
  body: string,
): readonly string[] {
  const own = sqlName(`${name}_${operation.toLowerCase()}`);
  const rows = {
    INSERT: 'NEW TABLE AS new_rows',
    UPDATE: 'OLD TABLE AS old_rows NEW TABLE AS new_rows',
    DELETE: 'OLD TABLE AS old_rows',
  }[operation];
  const qualified = `${pg.escapeIdentifier(schema)}.${own}`;
  return [
    `CREATE FUNCTION ${qualified}() RETURNS trigger LANGUAGE plpgsql AS ${pg.escapeLiteral(body)}`,
    `CREATE TRIGGER ${own} AFTER ${operation} ON ${copyTable(source)} REFERENCING ${rows}
       FOR EACH STATEMENT EXECUTE FUNCTION ${qualified}()`,
  ];
}

function bodyOf(
  schema: string,
  operation: Operation,
  routes: readonly TriggerRoute[],
  shapes: KeyShapes,
): string {
  const inserts = routes.map((route) => insertOf(schema, operation, route, shapes));
  return `\nBEGIN\n${inserts.join('\n')}\n  RETURN NULL;\nEND\n`;
}

/**
 * One INSERT for each route. The keys of the old and of the new row are marked alike, so that what a row left behind is
 * built again as well as what it came to. Marks carry the oldest time of their statement: lag is measured from it.
 */
function insertOf(schema: string, operation: Operation, route: TriggerRoute, shapes: KeyShapes): string {
  const [target, columns, head] =
    route.steps.length === 0
      ? ['mark', 'view, root_id', pg.escapeLiteral(route.view)]
      : ['fan_out', 'route, key', `${pg.escapeLiteral(JSON.stringify(fanOutRoute(route, shapes)))}::jsonb`];
  const occurredAt = operation === 'DELETE' ? 'NULL::timestamptz' : 'n.occurred_at';
  const changed = `FROM ${rowsOf(operation)}
    ${operation === 'UPDATE' ? `WHERE ${changeOf(route)}` : ''}`;
  const insert = `
  INSERT INTO ${pg.escapeIdentifier(schema)}.${target} (${columns}, occurred_at)`;
  // An id never changes, and no two rows have the same.
  if (route.start === 'id')
    return `${insert}
  SELECT ${head}, ${operation === 'DELETE' ? 'o' : 'n'}.id, ${occurredAt}
    ${changed};`;
  return `${insert}
  SELECT ${head}, changed.key, min(changed.occurred_at)
  FROM (
    SELECT unnest(${keysOf(operation, route, shapes)}) AS key, ${occurredAt} AS occurred_at
    ${changed}
  ) AS changed
  WHERE changed.key IS NOT NULL
  GROUP BY changed.key;`;
}

function rowsOf(operation: Operation): string {
  if (operation === 'INSERT') return 'new_rows AS n';
  if (operation === 'DELETE') return 'old_rows AS o';
  return 'old_rows AS o FULL JOIN new_rows AS n ON n.id = o.id';
}

function keysOf(operation: Operation, route: TriggerRoute, shapes: KeyShapes): string {
  const column = keyColumn(route.start);
  const { many } = shapes(route.source, route.start);
  const sides = { INSERT: ['n'], UPDATE: ['o', 'n'], DELETE: ['o'] }[operation].map(
    (side) => `${side}.${column}`,
  );
  return many ? sides.join(' || ') : `ARRAY[${sides.join(', ')}]`;
}

/**
 * Members are compared as the text that was published: the order of an object's members may mark once too often. Each
 * state is read once for all of them: seven members of an order, each read by itself, took 19 µs a row instead of 9.
 */
function changeOf(route: TriggerRoute): string {
  const deleted = 'o.deleted IS DISTINCT FROM n.deleted';
  if (route.columns.length === 0) return deleted;
  const members = route.columns.map((column) => `${pg.escapeIdentifier(column)} json`).join(', ');
  return `${deleted}
      OR (o.data::text IS DISTINCT FROM n.data::text AND (
        SELECT was::text IS DISTINCT FROM is_now::text
        FROM json_to_record(o.data) AS was (${members}), json_to_record(n.data) AS is_now (${members})
      ))`;
}

/** The route as it is stored: it says of each key whether the copies hold one or several. */
export function fanOutRoute(route: Omit<TriggerRoute, 'columns'>, shapes: KeyShapes): FanOutRoute {
  const key = (source: string, path: string): FanOutRoute['steps'][number]['match'] => ({
    path,
    many: shapes(source, path).many,
  });
  return {
    view: route.view,
    source: route.source,
    start: route.start,
    steps: route.steps.map(({ source, match, give }) => ({
      source,
      match: key(source, match),
      give: key(source, give),
    })),
  };
}
