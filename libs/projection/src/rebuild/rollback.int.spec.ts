import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '#kernel';
import { eventually } from '#testing';
import type { Plan } from '#views';
import { ensureGenerations } from '../generations/ensure.js';
import { retireExpired } from '../generations/retire.js';
import {
  expectedDocuments,
  indexIn,
  storedDocuments,
  openBuilding,
  type Building,
} from '../testing/building.js';
import { rebuildingAnew, type Rebuilding } from '../testing/rebuilding.js';
import { orderSearch, orderSearchWithNotes } from '../testing/shop.js';
import { GenerationUnreadableError, NoPreviousGenerationError, RollbackRefusedError } from './errors.js';
import { rebuild } from './rebuild.js';
import { rollbackView, type RollbackOptions } from './rollback.js';

let world: Building;
let rebuilding: Rebuilding;
const rollback = (more: Partial<RollbackOptions> = {}) =>
  rollbackView({ ...rebuilding.options(), view: 'order-search', ...more });
const alias = () => `${world.space.indexPrefix}order-search`;

beforeAll(async () => {
  world = await openBuilding();
});
afterAll(() => world.dispose());
beforeEach(async () => {
  rebuilding = await rebuildingAnew(world, 40);
});

/** What each generation holds is what its plan makes of the copies. */
async function expectRight(name: string, plan: Plan): Promise<void> {
  await world.index.refresh(name);
  expect(await storedDocuments(world.index, name)).toEqual(await expectedDocuments(world.pool, plan));
}

describe('a rollback', () => {
  it('loses nothing written since the swap, and what readers leave is kept current in its turn', async () => {
    const { order, remove } = rebuilding;
    const first = await indexIn(world.pool, 'live');
    const { indexName: second } = await rebuild(rebuilding.options());
    // Nobody builds what is written from here on but the rollback itself.
    await world.apply(order('o001', 777), remove('o002'), order('o900', 1));
    const result = await rollback({ keepPreviousMs: 3_600_000 });
    expect(result).toMatchObject({ indexName: first, previousIndexName: second, overridden: [] });
    expect(await world.index.pointsAt(alias())).toBe(first);
    expect(await rebuilding.states()).toBe('1 live, 2 previous');
    await expectRight(first, orderSearch);
    await expectRight(second, orderSearchWithNotes);
    const { rows } = await world.pool.query(
      `SELECT number, (extract(epoch FROM keep_until - now()) / 60)::int AS minutes FROM generation ORDER BY number`,
    );
    expect(rows).toEqual([
      { number: 1, minutes: null },
      { number: 2, minutes: 60 },
    ]);
  });

  it('loses nothing while writers go on', async () => {
    const { order } = rebuilding;
    await rebuild(rebuilding.options());
    const builder = world.start();
    let written = 0;
    const stop = new AbortController();
    const writing = (async () => {
      for (; !stop.signal.aborted; written++) await world.apply(order(`o${100 + (written % 50)}`, written));
    })();
    for (let round = 0; round < 4; round++) {
      const enough = written + 10;
      await eventually(() => expect(written).toBeGreaterThan(enough));
      await rollback();
    }
    stop.abort();
    await writing;
    await builder.idle();
    await builder.close();
    expect(await rebuilding.states()).toBe('1 previous, 2 live');
    await expectRight(await indexIn(world.pool, 'live'), orderSearchWithNotes);
    await expectRight(await indexIn(world.pool, 'previous'), orderSearch);
  }, 60_000);

  it('is followed by a rebuild as if nothing had been', async () => {
    await rebuild(rebuilding.options());
    await rollback();
    const third = await rebuild(rebuilding.options());
    expect(third.previousIndexName).toMatch(/\.1$/);
    expect(await rebuilding.states()).toBe('1 previous, 3 live');
    await expectRight(third.indexName, orderSearchWithNotes);
    expect(await world.index.pointsAt(alias())).toBe(third.indexName);
  });

  it('is refused where no generation is kept, or its time has run out', async () => {
    await expect(rollback()).rejects.toThrow(NoPreviousGenerationError);
    await rebuild(rebuilding.options());
    await world.pool.query(`UPDATE generation SET keep_until = now() WHERE state = 'previous'`);
    await expect(rollback({ force: true })).rejects.toThrow(NoPreviousGenerationError);
    await retireExpired({ ...world.context });
    await expect(rollback()).rejects.toThrow(NoPreviousGenerationError);
  });

  it('is refused while marks of the previous generation are built by nobody, and can be forced', async () => {
    const { indexName } = await rebuild(rebuilding.options());
    const previous = await indexIn(world.pool, 'previous');
    // As a process leaves them that lacks a function of that generation; this one lacks it too.
    await world.pool.query(
      `INSERT INTO mark (view, root_id, index_name) VALUES ('order-search', 'o001', $1)`,
      [previous],
    );
    await world.pool.query(
      `UPDATE generation SET plan = jsonb_set(plan::jsonb, '{shape,fields,0,of}',
         '{"node":"compute","key":"net@1","kind":"int","inputs":[],"hints":{}}')::json WHERE state = 'previous'`,
    );
    const refused = rollback({ stallMs: 500 });
    await expect(refused).rejects.toThrow(RollbackRefusedError);
    await expect(refused).rejects.toThrow(
      /1 marks that concern .* lacks \(net@1\), and no other process builds them/,
    );
    expect(await indexIn(world.pool, 'live')).toBe(indexName);
    const result = await rollback({ stallMs: 500, force: true });
    expect(result.overridden).toHaveLength(1);
    expect(await world.index.pointsAt(alias())).toBe(previous);
  });

  it('is refused while the previous index takes no writes, and impossible when it is gone', async () => {
    const { indexName } = await rebuild(rebuilding.options());
    await world.pool.query(`UPDATE generation SET stopped = 'it was closed' WHERE state = 'previous'`);
    await expect(rollback()).rejects.toThrow(/takes no writes since it was closed/);
    await world.index.drop(await indexIn(world.pool, 'previous'));
    await expect(rollback({ force: true })).rejects.toThrow(GenerationUnreadableError);
    expect(await world.index.pointsAt(alias())).toBe(indexName);
  });

  it('changes nothing when it is cancelled while it waits', async () => {
    const { indexName } = await rebuild(rebuilding.options());
    await world.pool.query(
      `INSERT INTO mark (view, root_id, due_at) VALUES ('order-search', 'o001', now() + interval '1 hour')`,
    );
    const cancel = new AbortController();
    const waiting = rollback({ signal: cancel.signal, onProgress: () => cancel.abort() });
    await expect(waiting).rejects.toMatchObject({ code: 'rollback_cancelled' });
    expect(await world.index.pointsAt(alias())).toBe(indexName);
  });

  it('is told to a process that starts with the declaration that readers left', async () => {
    await rebuild(rebuilding.options());
    await rollback();
    const told: string[] = [];
    const logger = { ...silentLogger, warn: (_: object, text: string) => void told.push(text) };
    await ensureGenerations({
      ...world.context,
      indexPrefix: world.space.indexPrefix,
      plans: [orderSearchWithNotes],
      logger: logger as typeof silentLogger,
    });
    expect(told).toEqual([
      expect.stringContaining('was rolled back from the declaration that this process has'),
    ]);
    expect(await rebuilding.states()).toBe('1 live, 2 previous');
  });
});
