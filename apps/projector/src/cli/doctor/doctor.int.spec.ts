import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApp } from '#kernel/http';
import { outboxTables } from '#outbox';
import {
  createTestSpace,
  eventually,
  startPrivatePostgres,
  type PrivateServer,
  type TestSpace,
} from '#testing';
import { readProjectorConfig } from '../../config.js';
import { startProjector } from '../../start.js';
import {
  awayUrls,
  cliEnvironment,
  startSilentServer,
  withCliProjection,
} from '../../testing/cli-projection.js';
import { declaredViews } from '../../views.js';
import { diagnose } from './diagnose.js';
import { exitCodeOf, type Finding } from './finding.js';

let postgres: PrivateServer;
let space: TestSpace;
let app: RunningApp;
let live: string;

/** Of what other tests do to the same servers at the same time. */
const shared = /^(Elasticsearch: (health|disks|cluster blocks)|\S+: connections)$/;

async function findings(variables: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const found = await withCliProjection(space, variables, (projection) =>
    diagnose(projection, { patienceSeconds: 60 }),
  );
  return found.filter(({ what }) => !shared.test(what));
}

const bad = (all: readonly Finding[]): readonly Finding[] =>
  all.filter(({ verdict }) => verdict !== 'ok' && verdict !== 'skip');

/** Plants a fault, expects that one line is what is wrong, takes the fault away, and expects that all is well again. */
async function finds(
  expected: Partial<Finding> & { readonly remedy?: unknown },
  plant: () => Promise<unknown>,
  mend: () => Promise<unknown>,
): Promise<void> {
  await plant();
  try {
    await eventually(async () => expect(bad(await findings())).toMatchObject([expected]), {
      timeoutMs: 20_000,
    });
  } finally {
    await mend();
  }
  await eventually(async () => expect(bad(await findings())).toEqual([]), { timeoutMs: 20_000 });
}

const sql = (text: string) => space.pool('projection').query(text);

async function elastic(method: string, path: string, body?: object): Promise<void> {
  const response = await fetch(`${space.elasticsearchUrl}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
}

beforeAll(async () => {
  // With settings that are as they should be, which a server that was found may not have.
  postgres = await startPrivatePostgres();
  space = await createTestSpace({
    postgresUrl: postgres.url,
    databases: ['projection', 'orders'],
    elasticsearch: true,
    rabbitmq: true,
  });
  const config = readProjectorConfig({ ...cliEnvironment(space), PROJECTOR_PORT: '0', LOG_LEVEL: 'fatal' });
  app = await startProjector(config, 'off');
  const { rows } = await space
    .pool('projection')
    .query<{ index_name: string }>(`SELECT index_name FROM generation WHERE view = 'order-search'`);
  live = rows[0]?.index_name ?? '';
  await eventually(async () => expect(bad(await findings())).toEqual([]), { timeoutMs: 20_000 });
}, 120_000);

afterAll(async () => {
  await app.stop();
  await space.dispose();
  await postgres.dispose();
}, 60_000);

describe('the doctor', () => {
  it('finds nothing wrong in health, and says what it looked at and what nobody told it of', async () => {
    const all = await findings();
    expect(exitCodeOf(all)).toBe(0);
    const skipped = all.filter(({ verdict }) => verdict === 'skip').map(({ what }) => what);
    expect(skipped).toEqual(expect.arrayContaining(['orders: reached', 'query API: reached']));
    expect(all.filter(({ verdict }) => verdict === 'ok').map(({ what }) => what)).toEqual(
      expect.arrayContaining([
        'projection: reached',
        'projection: primary',
        'projection: settings',
        'projection: migrations',
        'projection: epoch',
        'projection: triggers',
        'projectors: alive',
        'projectors: plans',
        'work: marks',
        'work: paused',
        'RabbitMQ: reached',
        'RabbitMQ: exchange and queues',
        'RabbitMQ: queue of events',
        'RabbitMQ: takes messages',
        'Elasticsearch: reached',
        'Elasticsearch: indices',
      ]),
    );
  });

  it(
    'finds an index that takes no writes, and says when that ends',
    () =>
      finds(
        { verdict: 'fail', what: `Elasticsearch: ${live}`, finding: 'blocked: read_only_allow_delete' },
        () => elastic('PUT', `/${live}/_settings`, { 'index.blocks.read_only_allow_delete': true }),
        () => elastic('PUT', `/${live}/_settings`, { 'index.blocks.read_only_allow_delete': null }),
      ),
    60_000,
  );

  it(
    'finds a closed index',
    () =>
      finds(
        { verdict: 'fail', what: `Elasticsearch: ${live}`, finding: 'the index is closed' },
        () => elastic('POST', `/${live}/_close`),
        () => elastic('POST', `/${live}/_open`),
      ),
    60_000,
  );

  it('finds an alias that is not at the live index', () => {
    const other = `${space.indexPrefix}other`;
    const alias = `${space.indexPrefix}order-search`;
    const move = (from: string, to: string) =>
      elastic('POST', '/_aliases', {
        actions: [{ remove: { index: from, alias } }, { add: { index: to, alias } }],
      });
    return finds(
      {
        verdict: 'fail',
        what: `Elasticsearch: alias ${alias}`,
        finding: `it points at ${other} instead of ${live}`,
      },
      async () => {
        await elastic('PUT', `/${other}`);
        await move(live, other);
      },
      async () => {
        await move(other, live);
        await elastic('DELETE', `/${other}`);
      },
    );
  }, 60_000);

  it('finds an index that no generation knows, by its name alone', () => {
    const orphan = `${space.indexPrefix}order-search.abc123.7`;
    return finds(
      { verdict: 'warn', what: `Elasticsearch: ${orphan}`, finding: 'no generation knows this index' },
      () => elastic('PUT', `/${orphan}`),
      () => elastic('DELETE', `/${orphan}`),
    );
  }, 60_000);

  it(
    'finds settings of an index that the rules need otherwise',
    () =>
      finds(
        { verdict: 'warn', what: `Elasticsearch: ${live}`, finding: 'index.gc_deletes is 60s, not 1h' },
        () => elastic('PUT', `/${live}/_settings`, { 'index.gc_deletes': null }),
        () => elastic('PUT', `/${live}/_settings`, { 'index.gc_deletes': '1h' }),
      ),
    60_000,
  );

  it('finds a trigger that is disabled, and one that is not there', async () => {
    const { rows } = await sql(
      `SELECT tgname AS name, pg_get_triggerdef(oid) AS definition FROM pg_trigger
       WHERE tgrelid = 'copy_order'::regclass AND tgname LIKE 'prejoin_mark_%_update'`,
    );
    const [{ name, definition } = { name: '', definition: '' }] = rows as {
      name: string;
      definition: string;
    }[];
    await finds(
      { verdict: 'fail', what: 'projection: triggers', finding: `disabled: copy_order.${name}` },
      () => sql(`ALTER TABLE copy_order DISABLE TRIGGER "${name}"`),
      () => sql(`ALTER TABLE copy_order ENABLE TRIGGER "${name}"`),
    );
    await finds(
      { verdict: 'fail', what: 'projection: triggers', finding: 'triggers are missing on the copy of order' },
      () => sql(`DROP TRIGGER "${name}" ON copy_order`),
      () => sql(definition),
    );
  }, 60_000);

  it(
    'finds a migration that did not run',
    () =>
      finds(
        { verdict: 'fail', what: 'projection: migrations', finding: 'it lacks 008_activity_and_pauses' },
        () => sql(`UPDATE schema_migration SET name = 'x' WHERE name = '008_activity_and_pauses'`),
        () => sql(`UPDATE schema_migration SET name = '008_activity_and_pauses' WHERE name = 'x'`),
      ),
    60_000,
  );

  it(
    'finds what is paused, and does not take what waits for that for a fault',
    () =>
      finds(
        {
          verdict: 'warn',
          what: 'work: paused',
          finding: expect.stringMatching(/^view:order-search since .* by ann: a move$/) as unknown as string,
          remedy: 'npx prejoin resume view:order-search',
        },
        async () => {
          await sql(`INSERT INTO pause (what, by, reason) VALUES ('view:order-search', 'ann', 'a move')`);
          await sql(
            `INSERT INTO mark (view, root_id, created_at) VALUES ('order-search', 'none', now() - interval '1 hour')`,
          );
        },
        () => sql('DELETE FROM pause'),
      ),
    60_000,
  );

  it('finds marks that nobody builds, and dead letters', async () => {
    await finds(
      {
        verdict: 'warn',
        what: 'work: marks',
        finding: expect.stringMatching(/^nobodys: 1 wait, the oldest for 60 min/) as unknown as string,
      },
      () =>
        sql(
          `INSERT INTO mark (view, root_id, created_at) VALUES ('nobodys', 'r', now() - interval '1 hour')`,
        ),
      () => sql(`DELETE FROM mark WHERE view = 'nobodys'`),
    );
    await finds(
      { verdict: 'warn', what: 'work: dead letters', finding: '1 envelope' },
      () => sql(`INSERT INTO dead_letter (kind, reason, fingerprint) VALUES ('envelope', 'r', 'f')`),
      () => sql('DELETE FROM dead_letter'),
    );
  }, 60_000);

  it(
    'finds a running projector of another release, by the plans that it declares',
    () =>
      finds(
        {
          verdict: 'warn',
          what: 'projectors: plans',
          finding: 'running projectors declare order-search in 2 ways',
        },
        () =>
          sql(
            `INSERT INTO process (id, role, host, pid, release, fingerprints, computes)
           SELECT 'old', role, host, 1, 'old', (fingerprints::jsonb || '{"order-search": "f0"}')::json, computes
           FROM process LIMIT 1`,
          ),
        () => sql(`DELETE FROM process WHERE id = 'old'`),
      ),
    60_000,
  );

  it('finds settings of the database that a crash needs, by the connection that it has itself', async () => {
    const url = `${space.databaseUrl('projection')}?options=-c%20synchronous_commit%3Doff`;
    const found = bad(await findings({ PROJECTION_DATABASE_URL: url }));
    expect(found).toMatchObject([
      { verdict: 'fail', what: 'projection: settings', finding: 'synchronous_commit is off' },
    ]);
  });

  it('looks into the outboxes that it is told of', async () => {
    const orders = space.pool('orders');
    const before = process.env;
    process.env = { ...before, ORDERS_DATABASE_URL: space.databaseUrl('orders') };
    const expectFinding = async (finding: Partial<Finding>): Promise<void> =>
      expect(bad(await findings())).toContainEqual(expect.objectContaining(finding));
    try {
      const [first, ...later] = outboxTables;
      await orders.query(first?.sql ?? '');
      await expectFinding({ verdict: 'fail', what: 'orders: migrations' });
      // The rest of what it has is seen all the same, or said not to be.
      await expectFinding({ verdict: 'unknown', what: 'orders: outbox' });
      for (const { sql: text } of later) await orders.query(text);
      await expectFinding({ verdict: 'fail', what: 'orders: relay', finding: 'none is alive' });
      await orders.query(
        `INSERT INTO relay_process (process, host, pid, state) VALUES ('p', 'node-1', 7, 'open');
         INSERT INTO outbox (event_id, source, aggregate_id, name, epoch, version, routing_key, body, created_at)
         VALUES (gen_random_uuid(), 'order', 'o1', 'OrderPlaced', 0, 1, 'order.OrderPlaced', '', now() - interval '1 hour')`,
      );
      const late = { verdict: 'warn', what: 'orders: outbox', finding: 'the oldest event waits for 60 min' };
      expect(bad(await findings())).toMatchObject([late]);
      await orders.query(`INSERT INTO outbox_control (paused_by) VALUES ('ann')`);
      expect(bad(await findings())).toMatchObject([
        { verdict: 'warn', what: 'orders: relay', remedy: 'npx prejoin resume relay orders' },
      ]);
    } finally {
      process.env = before;
    }
  }, 30_000);

  it('compares what the query API serves with what is built', async () => {
    const [plan] = declaredViews().plans;
    const served = declaredViews().plans.map(({ view, fingerprint }) => ({ name: view, fingerprint }));
    let views = served;
    const server = createServer((request, response) =>
      response.end(JSON.stringify(request.url === '/views' ? { data: views } : { status: 'ready' })),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const QUERY_API_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      expect(bad(await findings({ QUERY_API_URL }))).toEqual([]);
      views = served.map((one) => (one.name === plan?.view ? { ...one, fingerprint: 'f0' } : one));
      expect(bad(await findings({ QUERY_API_URL }))).toMatchObject([
        {
          verdict: 'warn',
          what: 'query API: views',
          finding: `${plan?.view} is declared otherwise than it was built`,
        },
      ]);
    } finally {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    }
  });
});

describe('the doctor with a server away', () => {
  it.each([
    ['PROJECTION_DATABASE_URL', 'projection: reached'],
    ['ELASTICSEARCH_URL', 'Elasticsearch: reached'],
    ['RABBITMQ_URL', 'RabbitMQ: reached'],
  ] as const)(
    'says of what %s names that it could not look, and looks at the rest',
    async (variable, what) => {
      const all = await findings({ [variable]: awayUrls[variable] });
      expect(exitCodeOf(all)).toBe(2);
      expect(all).toContainEqual(expect.objectContaining({ verdict: 'unknown', what }));
      const others = ['projection: reached', 'Elasticsearch: reached', 'RabbitMQ: reached'].filter(
        (one) => one !== what,
      );
      for (const other of others)
        expect(all).toContainEqual(expect.objectContaining({ verdict: 'ok', what: other }));
      // Nothing that needs it is said to be well.
      const area = what.slice(0, what.indexOf(':'));
      const well = all.filter((one) => one.verdict === 'ok' && one.what.startsWith(`${area}:`));
      expect(well).toEqual([]);
      if (variable === 'PROJECTION_DATABASE_URL') {
        const told = all.filter(({ verdict }) => verdict === 'ok').map((one) => one.what);
        expect(told.filter((one) => /^(work|projectors|Elasticsearch: indices)/.test(one))).toEqual([]);
      }
      expect(JSON.stringify(all)).not.toContain('secret');
    },
  );

  it('waits for no server that takes the connection and never answers', async () => {
    const silent = await startSilentServer();
    try {
      const startedAt = performance.now();
      const all = await findings({
        PROJECTION_DATABASE_URL: `postgres://x:x@127.0.0.1:${silent.port}/x`,
        ELASTICSEARCH_URL: `http://127.0.0.1:${silent.port}`,
        RABBITMQ_URL: `amqp://guest:guest@127.0.0.1:${silent.port}`,
        QUERY_API_URL: `http://127.0.0.1:${silent.port}`,
      });
      expect(performance.now() - startedAt).toBeLessThan(10_000);
      expect(all.filter(({ verdict }) => verdict === 'ok')).toEqual([]);
      expect(exitCodeOf(all)).toBe(2);
    } finally {
      await silent.close();
    }
  }, 20_000);
});

describe('the doctor without a projector', () => {
  it('says that none runs, and that nobody takes events', async () => {
    await app.stop();
    await eventually(
      async () =>
        expect(bad(await findings())).toMatchObject([
          { verdict: 'fail', what: 'projectors: alive', finding: 'none' },
          { verdict: 'fail', what: 'RabbitMQ: queue of events', finding: '0 messages wait, 0 consumers' },
        ]),
      { timeoutMs: 20_000 },
    );
    // One that was killed could not say good-bye.
    await sql(
      `INSERT INTO process (id, role, host, pid, release, fingerprints, computes, seen_at)
       VALUES ('p', 'projector', 'node-7', 1, '', '{}', '{}', now() - interval '1 minute')`,
    );
    expect(bad(await findings())).toContainEqual(
      expect.objectContaining({
        what: 'projectors: alive',
        finding: expect.stringMatching(/^none; .* on node-7$/),
      }),
    );
  }, 40_000);
});
