import type { ClientBase } from 'pg';
import type { FanOutRoute } from '../fan-out/fan-out-route.js';
import { leadingKeys } from '../fan-out/leading-keys.js';

/** A mark that will have the document built again. */
export interface WaitingMark {
  readonly priority: number;
  readonly attempts: number;
  readonly dueAt: Date;
  readonly createdAt: Date;
  readonly occurredAt: Date | null;
  /** The one generation that it is for; null is all of the view. */
  readonly indexName: string | null;
}

/** A changed key that will have the document marked, once it is looked up. */
export interface WaitingKey {
  readonly source: string;
  readonly key: string;
  /** A key of very many documents, of which so many are marked. */
  readonly job: boolean;
  readonly attempts: number;
  readonly createdAt: Date;
}

export async function readWaitingMarks(
  client: ClientBase,
  view: string,
  rootId: string,
): Promise<readonly WaitingMark[]> {
  const { rows } = await client.query<WaitingMark>(
    `SELECT priority, attempts, due_at AS "dueAt", created_at AS "createdAt", occurred_at AS "occurredAt",
            index_name AS "indexName"
     FROM mark WHERE view = $1 AND root_id = $2
     ORDER BY seq LIMIT 100`,
    [view, rootId],
  );
  return rows;
}

interface KeyRow extends WaitingKey {
  readonly route: FanOutRoute;
}

/** The most waiting keys of a view that are looked at. */
const MOST_KEYS = 10_000;

/** The waiting keys that lead to this root, of the oldest ones of the view. */
export async function readWaitingKeys(
  client: ClientBase,
  view: string,
  rootId: string,
): Promise<readonly WaitingKey[]> {
  const { rows } = await client.query<KeyRow>(
    `(SELECT route, key, false AS job, attempts, created_at AS "createdAt" FROM fan_out
      WHERE route ->> 'view' = $1 ORDER BY seq LIMIT ${MOST_KEYS})
     UNION ALL
     (SELECT route, key, true, attempts, created_at FROM fan_out_job
      WHERE route ->> 'view' = $1 ORDER BY id LIMIT ${MOST_KEYS})`,
    [view],
  );
  const leading = await leadingKeys(client, rootId, rows);
  return leading.map(({ route, ...row }) => ({ ...row, source: route.source }));
}
