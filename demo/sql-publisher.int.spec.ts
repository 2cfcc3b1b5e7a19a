import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { sources } from '#domains';
import { silentLogger } from '#kernel';
import { busNames, connectPublisher, eventTopology } from '#messaging';
import { outboxTables, startRelay } from '#outbox';
import { ensureCopyTables, migrateProjection, startProjectorConsumer } from '#projection';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { contractOf } from '#views';

const page = readFileSync(new URL('../docs/events/README.md', import.meta.url), 'utf8');
const statements = [...page.matchAll(/```sql\n(.*?)```/gs)].map(([, sql = '']) => sql);

let space: TestSpace;
let service: Pool;
let projection: Pool;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['warehouse', 'reference', 'projection'], rabbitmq: true });
  service = space.pool('warehouse');
  projection = space.pool('projection');
});
afterAll(() => space.dispose());

/** The columns and indices of the tables that the page and `outboxTables` both make. */
async function tablesOf(pool: Pool): Promise<readonly unknown[]> {
  const { rows } = await pool.query<{ fact: string }>(`
    SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default, is_identity) AS fact
    FROM information_schema.columns
    WHERE table_name IN ('outbox', 'outbox_dead_letter', 'source_epoch', 'outbox_control', 'relay_process')
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE tablename IN
      ('outbox', 'outbox_dead_letter', 'source_epoch', 'outbox_control', 'relay_process')
    ORDER BY 1`);
  return rows.map(({ fact }) => fact);
}

async function copies(): Promise<readonly unknown[]> {
  const { rows } = await projection.query<Record<string, unknown>>(
    `SELECT id, epoch::int, version::int, deleted, data->>'name' AS name, data->'price' AS price
     FROM copy_product ORDER BY id`,
  );
  return rows;
}

describe('the SQL of docs/events', () => {
  it('brings what another service writes through our relay into the copies of our projector', async () => {
    for (const sql of statements) await service.query(sql);
    const received = sources.map((source) => contractOf(source));
    await migrateProjection(projection);
    await ensureCopyTables(
      projection,
      received.map(({ description }) => description),
    );
    const publisher = connectPublisher({
      url: space.rabbitmqUrl,
      exchange: busNames(space.busPrefix).events,
      topology: eventTopology(space.busPrefix),
      logger: silentLogger,
    });
    const relay = startRelay({ pool: service, publisher, logger: silentLogger });
    const consumer = startProjectorConsumer({
      pool: projection,
      url: space.rabbitmqUrl,
      busPrefix: space.busPrefix,
      sources: received,
    });
    try {
      await eventually(
        async () =>
          expect(await copies()).toEqual([
            { id: 'SKU-00 17/ä', epoch: 1, version: 2, deleted: false, name: 'Stoneware mug', price: 1795 },
            { id: 'SKU-00 18/b', epoch: 0, version: 2, deleted: true, name: null, price: null },
          ]),
        { timeoutMs: 20_000 },
      );
      const left = await service.query('SELECT FROM outbox UNION ALL SELECT FROM outbox_dead_letter');
      const letters = await projection.query('SELECT reason FROM dead_letter');
      expect([left.rows, letters.rows]).toEqual([[], []]);
    } finally {
      await consumer.close();
      await relay.close();
      await publisher.close();
    }
  });

  it('makes the tables that our own services have', async () => {
    for (const { sql } of outboxTables) await space.pool('reference').query(sql);
    expect(await tablesOf(service)).toEqual(await tablesOf(space.pool('reference')));
  });
});
