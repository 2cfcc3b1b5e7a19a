import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import { applyDeliveries } from '../apply/apply-deliveries.js';
import { noMetrics } from '../metrics.js';
import { openProjection, type ProjectionDatabase } from '../testing/database.js';
import { deliveryOf, eventOf, receivedShop } from '../testing/deliveries.js';
import { orderSearch, shopSources } from '../testing/shop.js';
import { discardDeadLetters } from './discard.js';
import { listDeadLetters } from './list.js';

describe('a discarded message', () => {
  let db: ProjectionDatabase;
  const sources = new Map(receivedShop.map((source) => [source.description.name, source]));
  const bad = deliveryOf(eventOf('customer', 'c1', 3, { name: 7 }));
  beforeAll(async () => {
    db = await openProjection(shopSources, [orderSearch]);
  });
  afterAll(() => db.space.dispose());
  beforeEach(async () => {
    await db.pool.query('DELETE FROM copy_customer; DELETE FROM dead_letter');
    await apply(bad);
    expect(await discardDeadLetters({ pool: db.pool, filter: {}, lastId: 1_000 })).toBe(1);
  });

  const apply = (...deliveries: ReturnType<typeof deliveryOf>[]): Promise<void> =>
    applyDeliveries(deliveries, { pool: db.pool, sources, logger: silentLogger, metrics: noMetrics });
  const states = async (): Promise<readonly string[]> =>
    (await listDeadLetters(db.pool, {})).map(({ state }) => state);

  it('stays discarded however often the very same message comes again', async () => {
    await apply(bad, bad);
    await apply(bad);
    expect(await states()).toEqual(['discarded']);
  });

  it('does not hide another message about the same aggregate', async () => {
    await apply(deliveryOf(eventOf('customer', 'c1', 3, { name: 7 })));
    expect(await states()).toEqual(['discarded', 'open']);
  });

  it('is healed by a newer version, and by one that comes again after that', async () => {
    await apply(deliveryOf(eventOf('customer', 'c1', 4, { name: 'Ada' })));
    expect(await states()).toEqual(['healed']);
    await apply(bad);
    expect(await states()).toEqual(['healed']);
  });
});
