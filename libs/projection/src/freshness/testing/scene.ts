import type pg from 'pg';
import type { Write } from '#kernel';
import { compile, count, view, type Plan } from '#views';
import type { Change } from '../../apply/change.js';
import { claimIsOpen, claimMarks, type Mark } from '../../build/claim.js';
import { inTransaction } from '../../schema/transaction.js';
import { openProjection, type ProjectionDatabase } from '../../testing/database.js';
import { change, orderSearch, shop, shopSources } from '../../testing/shop.js';
import { InclusionWatch, type Inclusion } from '../inclusion.js';

const overview = compile(
  view('customer-overview', shop.customer, (c) => ({ name: c.name, orders: count(shop.order.customerId) })),
);

export interface Asked {
  readonly rootId?: string;
  readonly view?: string;
  readonly waitMs?: number;
}

/** Two views of a shop, whose marks a spec claims and commits by hand, so that it decides what happens when. */
export interface InclusionScene {
  readonly db: ProjectionDatabase;
  readonly pool: pg.Pool;
  /** What went wrong with looks, which should be nothing. */
  readonly faults: unknown[];
  /** Looks through another pool from now on. */
  watchThrough(pool: pg.Pool): void;
  ask(writes: readonly Write[], asked?: Asked): Promise<Inclusion>;
  /** What a short wait comes to: long enough for several looks. */
  soon(writes: readonly Write[], asked?: Asked): Promise<Inclusion>;
  /** Adds a generation of order-search; answers its index. */
  addGeneration(number: number, state: string): Promise<string>;
}

export async function openInclusionScene(): Promise<InclusionScene> {
  const db = await openProjection(shopSources, [orderSearch, overview]);
  const { pool } = db;
  for (const plan of [orderSearch, overview]) await register(pool, plan, 1, 'live');
  await db.apply(
    ...['c1', 'c2'].map((id) => change('customer', id, 1, { name: id })),
    ...['p1', 'p2'].map((id) => change('product', id, 1, { sku: id, name: id })),
    ...['o1', 'o2', 'o3'].map((id) => order(id, 1, 'c1')),
    order('other', 1, 'c2', 'p2'),
  );
  const faults: unknown[] = [];
  const watchOf = (through: pg.Pool): InclusionWatch =>
    new InclusionWatch({ pool: through, onFault: (error) => faults.push(error) });
  let watch = watchOf(pool);
  const ask: InclusionScene['ask'] = (writes, asked = {}) => {
    const { rootId, view: name = 'order-search', waitMs = 10_000 } = asked;
    const deadlineAt = performance.now() + waitMs;
    const { signal } = new AbortController();
    return watch.untilIncluded({ view: name, writes, rootId: rootId ?? null, deadlineAt, signal });
  };
  return {
    db,
    pool,
    faults,
    watchThrough: (through) => void (watch = watchOf(through)),
    ask,
    soon: (writes, asked) => ask(writes, { waitMs: 80, ...asked }),
    addGeneration: (number, state) => register(pool, orderSearch, number, state),
  };
}

async function register(pool: pg.Pool, plan: Plan, number: number, state: string): Promise<string> {
  const index = `${plan.view}.${number}`;
  await pool.query(
    `INSERT INTO generation (view, number, index_name, fingerprint, plan, state) VALUES ($1, $2, $3, $4, $5, $6)`,
    [plan.view, number, index, plan.fingerprint, JSON.stringify(plan), state],
  );
  return index;
}

export function order(id: string, version: number, customerId: string, productId = 'p1'): Change {
  const lines = [{ productId, quantity: 1 }];
  return change('order', id, version, { customerId, status: 'pending', total: version, lines });
}

/** Claims all marks of a priority that are due, in the caller's open transaction. */
export async function claim(client: pg.PoolClient, priority: 'direct' | 'bulk'): Promise<readonly Mark[]> {
  await client.query(claimIsOpen);
  return claimMarks(client, {
    views: ['order-search', 'customer-overview'],
    except: [],
    limit: 1_000,
    priority,
    order: 'oldest_first',
    floor: '0',
  });
}

/** Has all marks that are due built; `then` sees what the claim took before its transaction ends. */
export async function build(
  pool: pg.Pool,
  then: (client: pg.PoolClient, marks: readonly Mark[]) => Promise<unknown> = () => Promise.resolve(),
): Promise<void> {
  await inTransaction(pool, async (client) => {
    const marks = [...(await claim(client, 'direct')), ...(await claim(client, 'bulk'))];
    await then(client, marks);
  });
}
