import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import type { Envelope } from '#messaging';
import type { SearchIndex } from '#search';
import { eventually } from '#testing';
import { compile } from '#views';
import type { Builder, BuilderOptions } from '../build/builder.js';
import { readGenerations } from '../generations/generation.js';
import { rebuild } from '../rebuild/rebuild.js';
import { gate, type Gate } from '../testing/building.js';
import { eventOf } from '../testing/deliveries.js';
import { interceptedPool } from '../testing/intercepted-pool.js';
import { orderBook, orderBookDocuments, orderBookHistory, orderBookSources } from '../testing/order-book.js';
import { differences, openPipeline, type Pipeline } from '../testing/pipeline.js';
import { randomFrom } from '../testing/random.js';

const SEED = Number(process.env['PIPELINE_RACE_SEED'] ?? Math.floor(Math.random() * 1e9));
const orderIds = ['o1', 'o2', 'o3'];

/** Orders with totals of a round, so that every content tells when it was read. */
const orders = (version: number): readonly Envelope[] =>
  orderIds.map((id) =>
    eventOf('order', id, version, {
      customerId: 'c1',
      status: 'pending',
      total: version,
      discount: 0,
      placedAt: '2026-01-01T00:00:00.000Z',
      lines: [],
    }),
  );

let pipeline: Pipeline;
let version = 0;
const nextOrders = (): readonly Envelope[] => orders((version += 1));
const gates: Gate[] = [];
const builders: Builder[] = [];
const holdingGate = (): Gate => gates[gates.push(gate()) - 1] as Gate;
const start = (options?: Partial<BuilderOptions>): Builder =>
  builders[builders.push(pipeline.startBuilder(options)) - 1] as Builder;

beforeAll(async () => {
  pipeline = await openPipeline({ sources: orderBookSources, view: orderBook });
});
afterEach(async () => {
  for (const { open } of gates.splice(0)) open();
  await Promise.all(builders.splice(0).map((builder) => builder.close()));
});
afterAll(() => pipeline.dispose());

/** The index, with every write held at the gate: before it is sent, or after the index has answered. */
function held(at: Gate, when: 'before' | 'after' = 'before'): SearchIndex {
  return {
    ...pipeline.index,
    write: async (operations, deadlineMs) => {
      if (when === 'before') await at.pass();
      const outcomes = await pipeline.index.write(operations, deadlineMs);
      if (when === 'after') await at.pass();
      return outcomes;
    },
  };
}

/** The documents of every generation, of the roots whose ids begin so. */
const inGenerations = async (prefix: string): Promise<readonly ReadonlyMap<string, string>[]> => {
  const generations = await readGenerations(pipeline.pool('read'), 'order-book');
  return Promise.all(
    generations.map(async ({ indexName }) => {
      const documents = [...(await pipeline.documents(indexName))];
      return new Map(documents.filter(([id]) => id.startsWith(prefix)));
    }),
  );
};

describe('two builders and the scan of a rebuild on the same documents', () => {
  const rebuilding = (index: SearchIndex, chunk = 2): ReturnType<typeof rebuild> =>
    rebuild({
      ...pipeline.context,
      index,
      plan: compile(orderBook),
      indexPrefix: pipeline.space.indexPrefix,
      holder: 'a spec',
      chunk,
    });

  it('end at the newest content when the two that read first write last', async () => {
    await pipeline.deliver(nextOrders());
    const [scan, slow] = [holdingGate(), holdingGate()];
    // The scan registers its generation and reads the first version, of all in one chunk; the slow builder reads the second
    // for both.
    const rebuilt = rebuilding(held(scan), 10);
    await scan.reached;
    await pipeline.deliver(nextOrders());
    const slowBuilder = start({ index: held(slow), lanes: 1 });
    await slow.reached;
    const newest = nextOrders();
    await pipeline.deliver(newest);
    start();
    const both = [orderBookDocuments(newest), orderBookDocuments(newest)];
    await eventually(async () => expect(await inGenerations('o')).toEqual(both));

    slow.open();
    await slowBuilder.close();
    expect(await inGenerations('o')).toEqual(both);
    scan.open();
    expect((await rebuilt).previousIndexName).not.toBeNull();
    await pipeline.quiesce();
    expect(await inGenerations('o')).toEqual(both);
    // All of the slow builder's writes to two generations, and all of the scan's to one, came too late.
    expect(pipeline.superseded()).toBeGreaterThanOrEqual(3 * orderIds.length);
    expect(pipeline.alarms).toEqual([]);
  });

  it(`end at the newest content under random writes (seed ${SEED})`, async () => {
    const history = orderBookHistory(randomFrom(SEED), 200);
    const [before, during] = [history.slice(0, 40), history.slice(40)];
    const fanOut = pipeline.startFanOut();
    for (const batch of [3, 8]) start({ batch });
    await pipeline.deliver(before);
    const rebuilt = rebuilding(pipeline.index);
    for (let at = 0; at < during.length; at += 4) await pipeline.deliver(during.slice(at, at + 4));
    await rebuilt;
    await pipeline.quiesce();
    await fanOut.close();
    const expected = orderBookDocuments(history);
    expect((await inGenerations('order-')).map((documents) => differences(documents, expected))).toEqual([
      [],
      [],
    ]);
    expect(pipeline.alarms).toEqual([]);
  });
});

/** Where a builder is held and loses its connections. */
const steps: readonly {
  readonly step: string;
  readonly options: (at: Gate) => Partial<BuilderOptions>;
  /** What the index holds of the change when the builder dies. */
  readonly sent: boolean;
}[] = [
  {
    step: 'after the claim, before its snapshot',
    options: (at) => ({ pool: heldPool(at, 'BEGIN ISOLATION LEVEL REPEATABLE READ') }),
    sent: false,
  },
  {
    step: 'in its snapshot',
    options: (at) => ({ pool: heldPool(at, 'FROM "copy_order"') }),
    sent: false,
  },
  {
    step: 'after its snapshot, before the log is durable',
    options: (at) => ({ pool: heldPool(at, 'pg_logical_emit_message') }),
    sent: false,
  },
  { step: 'before its bulk is sent', options: (at) => ({ index: held(at) }), sent: false },
  { step: 'after its bulk, before its commit', options: (at) => ({ index: held(at, 'after') }), sent: true },
];

describe('a builder that dies', () => {
  /** The marks that nobody holds a claim on. */
  const claimable = async (): Promise<number | null> => {
    const { rowCount } = await pipeline.pool('apply').query('SELECT FROM mark FOR UPDATE SKIP LOCKED');
    return rowCount;
  };
  const served = async (): Promise<ReadonlyMap<string, string>> =>
    new Map([...(await pipeline.documents())].filter(([id]) => orderIds.includes(id)));

  it.each(steps)('$step leaves no change behind', async ({ options, sent }) => {
    const older = nextOrders();
    await pipeline.deliver(older);
    const healthy = start();
    await pipeline.quiesce();
    await healthy.close();
    const newer = nextOrders();
    await pipeline.deliver(newer);

    const at = holdingGate();
    const dying = start({ ...options(at), lanes: 1 });
    await at.reached;
    const closed = dying.close();
    expect(await claimable()).toBe(0);
    await pipeline.kill('claim');
    await pipeline.kill('read');
    // What it had claimed is back as soon as its connection is gone, also if nobody ever lets it go on.
    await eventually(async () => expect(await claimable()).toBe(orderIds.length));
    expect(differences(await served(), orderBookDocuments(sent ? newer : older))).toEqual([]);
    at.open();
    await closed;
    expect(await claimable()).toBe(orderIds.length);

    start();
    await pipeline.quiesce();
    expect(differences(await served(), orderBookDocuments(newer))).toEqual([]);
    expect(pipeline.alarms).not.toContain('revision_ahead');
  });
});

/** The reading pool, held at the first statement that has this text; the statement then runs, or fails if it can not. */
function heldPool(at: Gate, text: string): pg.Pool {
  return interceptedPool(pipeline.pool('read'), async (sql) => {
    if (sql.includes(text)) await at.pass();
  });
}
