import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId, silentLogger } from '#kernel';
import type { RunningApp } from '#kernel/http';
import { busNames, connectPublisher, encodeEnvelope, eventTopology, type Envelope } from '#messaging';
import { createTestSpace, eventually, startFaultyProxy, type FaultyProxy, type TestSpace } from '#testing';
import { readProjectorConfig } from './config.js';
import { startProjector } from './start.js';

let space: TestSpace;
let proxies: Readonly<Record<'projection database' | 'elasticsearch' | 'rabbitmq', FaultyProxy>>;
let app: RunningApp;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true, rabbitmq: true });
  proxies = {
    'projection database': await startFaultyProxy(space.databaseUrl('projection')),
    elasticsearch: await startFaultyProxy(space.elasticsearchUrl),
    rabbitmq: await startFaultyProxy(space.rabbitmqUrl),
  };
  const config = readProjectorConfig({
    PROJECTOR_PORT: '0',
    PROJECTION_DATABASE_URL: proxies['projection database'].url,
    ELASTICSEARCH_URL: proxies.elasticsearch.url,
    RABBITMQ_URL: proxies.rabbitmq.url,
    BUS_PREFIX: space.busPrefix,
    INDEX_PREFIX: space.indexPrefix,
    LOG_LEVEL: 'fatal',
  });
  app = await startProjector(config, 'off');
}, 60_000);

afterAll(async () => {
  await app.stop();
  for (const proxy of Object.values(proxies)) await proxy.close();
  await space.dispose();
}, 30_000);

async function readiness(): Promise<{ status: number; away: readonly string[] }> {
  const response = await fetch(`${app.url}/health/ready`);
  const { dependencies } = (await response.json()) as {
    dependencies: Readonly<Record<string, { readonly up: boolean }>>;
  };
  const away = Object.entries(dependencies).flatMap(([name, { up }]) => (up ? [] : [name]));
  return { status: response.status, away };
}

describe('the readiness of a projector', () => {
  it.each(['projection database', 'elasticsearch', 'rabbitmq'] as const)(
    'is false while the %s is away and names it, and is true again by itself; it lives all the while',
    async (name) => {
      await eventually(async () => expect(await readiness()).toEqual({ status: 200, away: [] }), {
        timeoutMs: 20_000,
      });
      proxies[name].refuse();
      try {
        await eventually(async () => expect(await readiness()).toEqual({ status: 503, away: [name] }), {
          timeoutMs: 20_000,
        });
        expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
      } finally {
        proxies[name].accept();
      }
      await eventually(async () => expect(await readiness()).toEqual({ status: 200, away: [] }), {
        timeoutMs: 20_000,
      });
    },
    60_000,
  );
});

describe('the metrics of a projector', () => {
  it('count events by what became of them, documents, and the time from event to index', async () => {
    const order = orderEvent(2);
    await publish([
      encodeEnvelope(order),
      encodeEnvelope(order),
      encodeEnvelope({ ...order, id: newId(), version: 1 }),
      Buffer.from('no envelope'),
    ]);
    const expected = {
      'prejoin_projector_events_total{source="order",outcome="applied"}': 1,
      'prejoin_projector_events_total{source="order",outcome="duplicate"}': 1,
      'prejoin_projector_events_total{source="order",outcome="superseded"}': 1,
      'prejoin_projector_dead_lettered_total{kind="envelope"}': 1,
      'prejoin_projector_dead_letters_open{kind="envelope"}': 1,
      'prejoin_projector_documents_total{view="order-search",result="built"}': 1,
      'prejoin_projector_documents_total{view="order-search",result="indexed"}': 1,
      'prejoin_projector_lag_seconds_count{view="order-search"}': 1,
      prejoin_projector_oldest_mark_seconds: 0,
      prejoin_projector_oldest_fan_out_seconds: 0,
    };
    await eventually(async () => expect(await metrics()).toMatchObject(expected), { timeoutMs: 20_000 });
  }, 60_000);

  it('show how far wide changes are, and the sizes that follow the servers', async () => {
    const pool = space.pool('projection');
    // A backlog, behind which the job waits: nobody builds this view.
    await pool.query(
      `INSERT INTO mark (view, root_id, priority) SELECT 'unbuilt', n::text, 1 FROM generate_series(1, 10000) AS n`,
    );
    await pool.query(
      `INSERT INTO fan_out_job (route, key, done, total) VALUES ('{"view":"unbuilt","source":"product"}', 'p', 30, 200)`,
    );
    const shown = await metrics();
    expect(shown).toMatchObject({
      'prejoin_projector_fan_out_jobs{view="unbuilt"}': 1,
      'prejoin_projector_fan_out_job_roots_done{view="unbuilt"}': 30,
      'prejoin_projector_fan_out_job_roots{view="unbuilt"}': 200,
    });
    expect(shown['prejoin_projector_build_batch']).toBeGreaterThanOrEqual(50);
    expect(shown['prejoin_projector_apply_batch']).toBeGreaterThanOrEqual(50);
    expect(shown['prejoin_projector_apply_prefetch']).toBe(4 * (shown['prejoin_projector_apply_batch'] ?? 0));
    await pool.query('DELETE FROM fan_out_job; DELETE FROM mark');
    expect(await metrics()).not.toHaveProperty('prejoin_projector_fan_out_jobs{view="unbuilt"}');
  });

  it('show counters of what goes wrong from the start, so that their first rise is seen', async () => {
    expect(await metrics()).toMatchObject({
      'prejoin_projector_dead_lettered_total{kind="constraint"}': 0,
      'prejoin_projector_alarms_total{alarm="revision_ahead"}': 0,
    });
  });
});

function orderEvent(version: number): Envelope {
  const id = newId();
  const occurredAt = new Date().toISOString();
  return {
    id: newId(),
    name: 'OrderPlaced',
    source: 'order',
    aggregateId: id,
    epoch: 0,
    version,
    deleted: false,
    occurredAt,
    traceparent: null,
    data: {
      id,
      customerId: newId(),
      status: 'pending',
      total: 0,
      discount: 0,
      placedAt: occurredAt,
      lines: [],
    },
  };
}

async function publish(bodies: readonly Uint8Array[]): Promise<void> {
  const publisher = connectPublisher({
    url: space.rabbitmqUrl,
    exchange: busNames(space.busPrefix).events,
    topology: eventTopology(space.busPrefix),
    connectionName: 'test',
    logger: silentLogger,
  });
  try {
    await eventually(() => expect(publisher.state).toBe('open'));
    const messages = bodies.map((body) => ({
      id: newId(),
      routingKey: 'order.OrderPlaced',
      body: Buffer.from(body),
    }));
    const outcomes = await publisher.publish(messages);
    expect(outcomes.map(({ kind }) => kind)).toEqual(bodies.map(() => 'confirmed'));
  } finally {
    await publisher.close();
  }
}

async function metrics(): Promise<Readonly<Record<string, number>>> {
  const text = await (await fetch(`${app.url}/metrics`)).text();
  const samples = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    samples.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}
