import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { silentLogger } from '#kernel';
import type { Delivery } from '#messaging';
import { applyDeliveries } from '../apply/apply-deliveries.js';
import type { ReceivedSource } from '../apply/read-delivery.js';
import { noMetrics } from '../metrics.js';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { deliveryOf, eventOf, noise, receivedShop } from '../testing/deliveries.js';
import {
  clearQueues,
  markedRoots,
  orderSearch,
  shopSources,
  untilBlocked,
  withOpenTransaction,
} from '../testing/shop.js';
import { discardDeadLetters } from './discard.js';
import { listDeadLetters, type DeadLetterFilter } from './list.js';
import { retryDeadLetters, type RetryOptions } from './retry.js';

type Sources = ReadonlyMap<string, ReceivedSource>;

const declared: Sources = new Map(receivedShop.map((source) => [source.description.name, source]));
/** As before somebody declared what is sent. */
const none: Sources = new Map();
/** Lets everything through to the database. */
const lax: Sources = new Map(
  receivedShop.map((source) => [
    source.description.name,
    { ...source, received: () => ({ faults: [], openValues: [] }) },
  ]),
);

const customer = (id: string, version: number, name: unknown = 'Ada'): Delivery =>
  deliveryOf(eventOf('customer', id, version, { name }));

describe('retrying the dead letters of messages', () => {
  let db: ProjectionDatabase;
  let pool: pg.Pool;
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
    pool = db.pool;
  });
  afterAll(() => db.space.dispose());
  beforeEach(async () => {
    await pool.query(
      'DELETE FROM copy_order; DELETE FROM copy_customer; TRUNCATE dead_letter RESTART IDENTITY',
    );
    await clearQueues(pool);
  });

  const apply = (sources: Sources, ...deliveries: readonly Delivery[]): Promise<void> =>
    applyDeliveries(deliveries, { pool, sources, logger: silentLogger, metrics: noMetrics });
  const retry = (sources: Sources = declared, more: Partial<RetryOptions> = {}) =>
    retryDeadLetters({ pool, sources, filter: { states: ['open'] }, logger: silentLogger, ...more });
  const states = async (): Promise<readonly string[]> =>
    (await listDeadLetters(pool, {}))
      .map(({ aggregateId, kind, state }) => `${aggregateId} ${kind} ${state}`)
      .sort();
  const versions = async (): Promise<readonly string[]> => {
    const { rows } = await pool.query<{ copy: string }>(
      `SELECT id || ' ' || version AS copy FROM copy_customer ORDER BY id`,
    );
    return rows.map(({ copy }) => copy);
  };

  it('applies a message whose source is declared by now, marks what it changes, and closes the letter', async () => {
    const order = { customerId: 'c1', status: 'pending', total: 1, lines: [] };
    await apply(none, deliveryOf(eventOf('order', 'o1', 1, order)), customer('c1', 1));
    expect(await retry()).toMatchObject({ healed: 2, refused: 0, queued: 0, complete: true });
    expect(await states()).toEqual(['c1 envelope healed', 'o1 envelope healed']);
    expect(await versions()).toEqual(['c1 1']);
    await db.fanOut();
    expect(await markedRoots(pool)).toEqual(['o1']);
  });

  it('leaves what is still wrong open as the same letter, with the reason and the kind of today', async () => {
    await apply(none, customer('c1', 1, 7), customer('c\0', 1));
    const first = await retry();
    expect(first).toMatchObject({ healed: 0, refused: 2 });
    expect(first.reasons.get("'name' must be string.")).toBe(1);
    const reasons = (await listDeadLetters(pool)).map(({ reason }) => reason);
    expect(reasons).toContain("'name' must be string.");

    const refusedByDatabase = deliveryOf(
      eventOf('order', 'o1', 1, { customerId: noise(9_000), status: 'pending', total: 1, lines: [] }),
    );
    await apply(none, refusedByDatabase);
    expect(await retry(lax)).toMatchObject({ healed: 1, refused: 2 });
    expect(await states()).toEqual(['c1 envelope healed', 'c\uFFFD envelope open', 'o1 constraint open']);
  });

  it('closes a letter whose version is there already, or superseded', async () => {
    await apply(none, customer('c1', 1), customer('c2', 1));
    // Applied without a look at letters, as when a retry is killed between the two.
    await db.apply(
      ...[1, 2].map((version) => ({
        source: 'customer',
        id: `c${version}`,
        epoch: 0,
        version,
        deleted: false,
        occurredAt: '2026-01-01T00:00:00.000Z',
        eventId: `e${version}`,
        traceparent: null,
        data: JSON.stringify({ id: `c${version}`, name: 'Ada' }),
      })),
    );
    expect(await retry()).toMatchObject({ healed: 2, refused: 0 });
    expect(await versions()).toEqual(['c1 1', 'c2 2']);
  });

  it('comes to the same when it is run again, and by several processes at once', async () => {
    const good = Array.from({ length: 700 }, (_, at) => customer(`good${at}`, 1));
    const bad = Array.from({ length: 700 }, (_, at) => customer(`bad${at}`, 1, 7));
    await apply(none, ...good.flatMap((one, at) => [one, bad[at] as Delivery]));
    const results = await Promise.all([retry(), retry()]);
    expect(results[0].healed + results[1].healed).toBe(700);
    expect(await retry()).toMatchObject({ healed: 0, refused: 700 });
    const listed = await listDeadLetters(pool, {}, { limit: 5_000 });
    expect(listed).toHaveLength(1_400);
    expect(listed.filter(({ state }) => state === 'open')).toHaveLength(700);
    expect(await versions()).toHaveLength(700);
  }, 30_000);

  it('does not open what is discarded or healed while its page is tried', async () => {
    await apply(declared, customer('c1', 1));
    const [toBeDiscarded, toBeHealed] = [customer('x', 1, 7), customer('y', 1, 7)];
    await apply(none, customer('c1', 2), toBeDiscarded, toBeHealed);
    const retrying = await withOpenTransaction(pool, async (holder) => {
      await holder.query(`SELECT FROM copy_customer WHERE id = 'c1' FOR UPDATE`);
      const waits = retry();
      await untilBlocked(pool, 'INSERT INTO "copy_customer"');
      await discardDeadLetters({ pool, filter: { about: 'x' }, lastId: 99 });
      await apply(declared, customer('y', 2));
      // In an object, since a promise that is returned would be waited for while the lock is held.
      return { waits };
    });
    await retrying.waits;
    expect(await states()).toEqual(['c1 envelope healed', 'x envelope discarded', 'y envelope healed']);
  });

  it('does not multiply a letter that was written before letters kept the id of their message', async () => {
    await apply(declared, customer('c1', 1, 7));
    await pool.query('UPDATE dead_letter SET message_id = NULL');
    expect(await retry()).toMatchObject({ healed: 0, refused: 1 });
    expect(await retry()).toMatchObject({ healed: 0, refused: 1 });
    expect(await states()).toEqual(['c1 envelope healed', 'c1 envelope open']);
  });

  it('ends after the page in hand when it is told to, and goes on when it is run again', async () => {
    await apply(none, ...Array.from({ length: 1_100 }, (_, at) => customer(`c${at}`, 1)));
    const stop = new AbortController();
    const first = await retry(declared, { signal: stop.signal, onProgress: () => stop.abort() });
    expect(first).toMatchObject({ healed: 500, complete: false });
    expect(await retry()).toMatchObject({ healed: 600, complete: true });
  }, 30_000);

  it('holds no more than a few megabytes of bodies, however large they are', async () => {
    await pool.query(
      `INSERT INTO dead_letter (fingerprint, kind, reason, body)
       SELECT n, 'envelope', 'too large', convert_to(repeat('x', 5 * 1024 * 1024), 'UTF8') FROM generate_series(1, 3) AS n`,
    );
    const pages: number[] = [];
    const { refused } = await retry(declared, { onProgress: (done) => void pages.push(done) });
    expect(pages).toEqual([2, 3]);
    // All three have the same bytes and no message id: one message, as far as anybody can tell.
    expect(refused).toBe(2);
    expect(await listDeadLetters(pool)).toHaveLength(1);
  }, 30_000);

  it('tries a discarded letter that it is given, which may then be healed', async () => {
    await apply(none, customer('c1', 1), customer('c2', 1, 7));
    await discardDeadLetters({ pool, filter: {}, lastId: 99 });
    expect(await retry()).toMatchObject({ healed: 0, refused: 0 });
    const filter: DeadLetterFilter = { ids: [1, 2], states: ['open', 'discarded'] };
    expect(await retry(declared, { filter })).toMatchObject({ healed: 1, refused: 1 });
    expect(await states()).toEqual(['c1 envelope healed', 'c2 envelope discarded']);
  });
});
