import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SearchIndex, WriteOperation } from '#search';
import { silentLogger } from '#kernel';
import { buildRoots, type BuildContext } from '../build/build-roots.js';
import { keepRefused } from '../build/refused.js';
import { listDeadLetters } from '../dead-letters/list.js';
import { raiseEpoch } from '../generations/epoch.js';
import { readGenerations } from '../generations/generation.js';
import { resumeGenerations, stopGeneration } from '../generations/stop.js';
import { rebuild } from '../rebuild/rebuild.js';
import { epochOf } from '../revision/revision.js';
import { currentRevision } from '../revision/snapshot.js';
import { inTransaction } from '../schema/transaction.js';
import { expectedDocuments, gate, openBuilding, type Building, type Gate } from '../testing/building.js';
import { change, orderSearch } from '../testing/shop.js';

let world: Building;
/** The root of the test that runs. */
let root: string;
let tests = 0;
let version: number;
let counts: Record<string, number>;
let sent: WriteOperation[];

beforeAll(async () => {
  world = await openBuilding();
  await world.ensure(orderSearch);
});
afterAll(() => world.dispose());
beforeEach(async () => {
  await world.pool.query('DELETE FROM mark');
  tests += 1;
  root = `o${tests}`;
  version = 0;
  counts = {};
  sent = [];
});

/** A builder's way through one root, by hand. `held` waits before the bulk is sent, `answered` before its answer is told. */
function build(
  id = root,
  { held, answered, scans = false }: { held?: Gate; answered?: Gate; scans?: boolean } = {},
) {
  const index: SearchIndex = {
    ...world.index,
    write: async (operations, deadlineMs) => {
      if (operations.length === 0) return [];
      await held?.pass();
      sent.push(...operations);
      const outcomes = await world.index.write(operations, deadlineMs);
      await answered?.pass();
      return outcomes;
    },
  };
  const count = (_view: string, result: string, by: number): void => {
    if (by > 0) counts[result] = (counts[result] ?? 0) + by;
  };
  const context: BuildContext = {
    ...world.context,
    index,
    metrics: { ...world.context.metrics, documents: count },
  };
  return buildRoots(context, 'order-search', [id], { scans });
}

/** 1 is in the index, and 2 was read and is about to be sent, by a builder or by a scan. */
async function secondUnderWay(scans = false): Promise<{ late: Gate; older: ReturnType<typeof build> }> {
  await apply(1);
  await build();
  await apply(2);
  const late = gate();
  const older = build(root, { held: late, scans });
  await late.reached;
  return { late, older };
}

async function outcomeOf(id = root): Promise<string | undefined> {
  const result = await build(id);
  return result.kind === 'written' ? result.writes[0]?.outcome.kind : result.kind;
}

function apply(total: number | null, id = root): Promise<void> {
  version += 1;
  const state = total === null ? null : { customerId: 'c1', status: 'pending', total, lines: [] };
  return world.apply(change('order', id, version, state));
}

async function stored(id = root): Promise<{ total: number | null; revision: number | null }> {
  const [generation] = await readGenerations(world.pool);
  const found = await world.index.get(generation?.indexName ?? '', id, { deadlineMs: 10_000 });
  if (found === null) return { total: null, revision: null };
  return { total: (JSON.parse(found.source) as { total: number }).total, revision: found.revision };
}

describe('a document that is equal to what its index holds', () => {
  it('is not sent again, and the index does not notice', async () => {
    await apply(1);
    expect(await outcomeOf()).toBe('done');
    const first = await stored();
    await apply(2);
    await apply(1);
    expect(await outcomeOf()).toBe('unchanged');
    expect(await outcomeOf()).toBe('unchanged');
    expect(sent).toHaveLength(1);
    expect(await stored()).toEqual(first);
    await apply(3);
    expect(await outcomeOf()).toBe('done');
    expect((await stored()).total).toBe(3);
  });

  it('is counted as unchanged by a builder, which is finished with its mark', async () => {
    const results: Record<string, number> = {};
    const builder = world.start({
      restMs: 0,
      metrics: {
        ...world.context.metrics,
        documents: (_view, result, by) => void (results[result] = (results[result] ?? 0) + by),
      },
    });
    await apply(1);
    await builder.idle();
    await world.pool.query(`INSERT INTO mark (view, root_id) VALUES ('order-search', '${root}')`);
    await builder.idle();
    await builder.close();
    expect(results).toMatchObject({ built: 2, indexed: 1, unchanged: 1 });
  });

  it('is sent when an older snapshot has other content under way, whose arrival it must outlive', async () => {
    const { late, older } = await secondUnderWay();
    await apply(1);
    expect(await outcomeOf()).toBe('done');
    late.open();
    await older;
    expect((await stored()).total).toBe(1);
  });

  it('is sent when other content is under way that was decided about before anything was confirmed', async () => {
    await apply(1);
    const [first, second] = [gate(), gate()];
    const oldest = build(root, { answered: first });
    await first.reached;
    await apply(2);
    const older = build(root, { held: second });
    await second.reached;
    first.open();
    await oldest;
    await apply(1);
    expect(await outcomeOf()).toBe('done');
    second.open();
    await older;
    expect((await stored()).total).toBe(1);
  });

  it('keeps an older snapshot that has not decided yet from being sent', async () => {
    await apply(1);
    await build();
    await apply(2);
    const waits = gate();
    const deciding = await world.pool.connect();
    try {
      // Holds the row, so that the older builder has its snapshot and no decision.
      await deciding.query('BEGIN');
      await deciding.query('SELECT FROM document FOR UPDATE');
      const older = build(root, { held: waits });
      waits.open();
      await untilDecisionWaits();
      await apply(1);
      const revision = await currentRevision(world.context.pool);
      await deciding.query('UPDATE document SET revision = $1 WHERE root_id = $2', [revision, root]);
      await deciding.query('COMMIT');
      const result = await older;
      expect(result.kind === 'written' && result.writes[0]?.outcome).toEqual({
        kind: 'superseded',
        current: revision,
      });
    } finally {
      deciding.release();
    }
    expect((await stored()).total).toBe(1);
  });
});

async function untilDecisionWaits(): Promise<void> {
  for (;;) {
    const { rows } = await world.pool.query(
      `SELECT FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%INSERT INTO document%'`,
    );
    if (rows.length > 0) return;
  }
}

describe('what is sent although it may be equal', () => {
  it('is what was not confirmed, since its builder died between decision and answer', async () => {
    await apply(1);
    const died = gate();
    const dying = build(root, { held: died });
    await died.reached;
    expect(await outcomeOf()).toBe('done');
    died.open();
    await dying;
    expect((await stored()).total).toBe(1);
  });

  it('is what a builder decided that died, although the answer to an older write comes after that', async () => {
    await apply(1);
    const [answer, died] = [gate(), gate()];
    const older = build(root, { answered: answer });
    await answer.reached;
    await apply(2);
    const dying = build(root, { held: died });
    await died.reached;
    answer.open();
    await older;
    // The index took 1, and what is known is 2.
    expect(await outcomeOf()).toBe('done');
    expect((await stored()).total).toBe(2);
    died.open();
    await dying;
  });

  it('is the same content again when other content was decided about between the two, and arrives late', async () => {
    await apply(1);
    const [answer, late, died] = [gate(), gate(), gate()];
    const first = build(root, { answered: answer });
    await answer.reached;
    await apply(2);
    const between = build(root, { held: late });
    await late.reached;
    await apply(1);
    const dying = build(root, { held: died });
    await died.reached;
    // The answer is about the same content as the newest decision, and not about its write.
    answer.open();
    await first;
    late.open();
    await between;
    expect((await stored()).total).toBe(2);
    expect(await outcomeOf()).toBe('done');
    expect((await stored()).total).toBe(1);
    died.open();
    await dying;
  });

  it('is a deletion, and the same content that comes after one', async () => {
    await apply(1);
    await build();
    await apply(null);
    expect(await outcomeOf()).toBe('done');
    expect(await outcomeOf()).toBe('done');
    expect(await stored()).toEqual({ total: null, revision: null });
    await apply(1);
    expect(await outcomeOf()).toBe('done');
    expect((await stored()).total).toBe(1);
  });

  it('is everything once after the epoch was raised', async () => {
    await apply(1);
    await build();
    await raiseEpoch(world.pool, epochOf(await currentRevision(world.pool)), 'a test says so', silentLogger);
    expect(await outcomeOf()).toBe('done');
    expect(epochOf((await stored()).revision ?? 0)).toBe(epochOf(await currentRevision(world.pool)));
    expect(await outcomeOf()).toBe('unchanged');
  });

  it('is everything of an index that was closed and answers again', async () => {
    await apply(1);
    await build();
    const [generation] = await readGenerations(world.pool);
    if (generation === undefined) throw new Error('the view has no generation');
    await stopGeneration(world.pool, generation, 'closed by the test', silentLogger);
    await resumeGenerations(world.pool, world.index, await readGenerations(world.pool), silentLogger);
    expect(await outcomeOf()).toBe('done');
  });

  it.each([
    [
      'that the index lost',
      async (name: string) => {
        const revision = await currentRevision(world.context.pool);
        await world.index.write([{ kind: 'delete', index: name, id: root, revision }], 10_000);
      },
    ],
    [
      'that somebody changed by hand',
      async (name: string) => {
        const { status } = await fetch(`${world.space.elasticsearchUrl}/${name}/_update/${root}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: '{"doc":{"total":9}}',
        });
        expect(status).toBe(200);
      },
    ],
  ])(
    'is a document %s: a rebuild sends all, and its verification those that differ',
    async (_, spoil) => {
      await apply(1);
      await build();
      let spoilt = false;
      const spoiling: SearchIndex = {
        ...world.index,
        // Takes the scan's write of one document, and holds something else when the verification looks.
        refresh: async (name) => {
          if (!spoilt) await spoil(name);
          spoilt = true;
          return world.index.refresh(name);
        },
      };
      const result = await rebuild({
        ...world.context,
        pool: world.pool,
        index: spoiling,
        plan: orderSearch,
        indexPrefix: world.space.indexPrefix,
        holder: 'test',
        keepPreviousMs: 0,
      });
      expect(spoilt).toBe(true);
      expect(await world.documents()).toEqual(await expectedDocuments(world.pool, orderSearch));
      const { rows } = await world.pool.query('SELECT DISTINCT index_name FROM document');
      expect(rows).toEqual([{ index_name: result.indexName }]);
    },
    30_000,
  );
});

describe('a document of a generation that is being built', () => {
  const become = (state: 'building' | 'live') =>
    world.pool.query(`UPDATE generation SET state = $1 WHERE state <> 'retired'`, [state]);
  beforeEach(() => become('building'));
  afterEach(() => become('live'));

  it('is written by the scan without a trace', async () => {
    await apply(1);
    await build(root, { scans: true });
    expect((await stored()).total).toBe(1);
    expect((await world.pool.query('SELECT FROM document WHERE root_id = $1', [root])).rowCount).toBe(0);
  });

  it('is sent by a builder although it is equal, since the scan may have other content under way', async () => {
    const { late, older } = await secondUnderWay(true);
    await apply(1);
    expect(await outcomeOf()).toBe('done');
    late.open();
    await older;
    expect((await stored()).total).toBe(1);
  });

  it('is sent once more after the swap, when a scan that stood still may wake up; then it is known', async () => {
    const { late, older } = await secondUnderWay(true);
    await become('live');
    await apply(1);
    expect(await outcomeOf()).toBe('done');
    expect(await outcomeOf()).toBe('unchanged');
    late.open();
    await older;
    expect((await stored()).total).toBe(1);
  });
});

describe('a refusal that is out of date', () => {
  it('leaves no dead letter when a newer builder has decided about the document', async () => {
    await apply(1);
    const late = gate();
    const refusing: SearchIndex = {
      ...world.index,
      write: async () => {
        await late.pass();
        return [{ kind: 'refused', reason: 'no such field' }];
      },
    };
    const older = buildRoots({ ...world.context, index: refusing }, 'order-search', [root]);
    await late.reached;
    await apply(2);
    expect(await outcomeOf()).toBe('done');
    late.open();
    const result = await older;
    if (result.kind !== 'written') throw new Error(result.kind);
    await inTransaction(world.pool, (client) => keepRefused(client, 'order-search', result.writes));
    expect(await listDeadLetters(world.pool)).toEqual([]);
  });
});
