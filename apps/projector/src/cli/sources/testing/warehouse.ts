import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { sources } from '#domains';
import { silentLogger } from '#kernel';
import {
  busNames,
  connectPublisher,
  connectRequester,
  eventTopology,
  type Consumer,
  type Publisher,
  type Requester,
} from '#messaging';
import {
  append,
  inTransaction,
  outboxTables,
  startRelay,
  startResync,
  type CurrentAggregate,
  type PublishedSource,
  type Relay,
  type Resync,
  type Transaction,
} from '#outbox';
import { ensureCopyTables, migrateProjection, startProjectorConsumer } from '#projection';
import { createTestSpace, type TestSpace } from '#testing';
import { contractOf } from '#views';
import type { Asked } from '../../resync/ask-service.js';

const product = sources.find(({ name }) => name === 'product')!;
const contract = contractOf(product);

interface Article {
  readonly id: string;
  readonly version: number;
  readonly name: string;
  readonly gone: boolean;
}

function stateOf({ id, name }: Article): object {
  return { discontinued: false, id, name, price: 100, sku: id };
}

const current = (rows: readonly Article[]): readonly CurrentAggregate[] =>
  rows.map((row) => ({ id: row.id, version: row.version, data: row.gone ? null : stateOf(row) }));

/** Products whose ids are any text. */
const published: PublishedSource = {
  contract,
  count: async (tx) => {
    const rows: { count: number }[] = await tx.query('SELECT count(*)::int AS count FROM article');
    return rows[0]!.count;
  },
  lockPage: async (tx, after, limit) => current(await pageOf(tx, after, limit, 'FOR SHARE')),
  versions: async (tx, ids) => {
    const rows: Article[] = await tx.query('SELECT * FROM article WHERE id = ANY ($1)', [ids]);
    return new Map(rows.map(({ id, version }) => [id, version]));
  },
  compared: {
    rows: () => ({
      table: 'article',
      id: 'id',
      idType: 'text',
      version: 'version',
      deleted: 'gone',
      greatestUpTo: (bound) => bound,
    }),
    readPage: async (tx, after, limit) => current(await pageOf(tx, after, limit, '')),
    readThese: async (tx, ids, how) =>
      current(
        await tx.query(
          `SELECT * FROM article WHERE id = ANY ($1) ORDER BY id ${how === 'locked' ? 'FOR SHARE' : ''}`,
          [ids],
        ),
      ),
  },
};

function pageOf(
  tx: Transaction,
  after: string | null,
  limit: number,
  lock: string,
): Promise<readonly Article[]> {
  return tx.query(`SELECT * FROM article WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2 ${lock}`, [
    after,
    limit,
  ]);
}

/** A service of products beside a projector that applies what it publishes. */
export class Warehouse {
  space!: TestSpace;
  service!: Pool;
  projection!: Pool;
  requester!: Requester;
  #dataSource!: DataSource;
  #publisher!: Publisher;
  #relay!: Relay;
  #consumer!: Consumer;
  #resync: Resync | null = null;

  async open(): Promise<void> {
    this.space = await createTestSpace({
      databases: ['catalog', 'projection'],
      rabbitmq: true,
      // For the commands, which are told where it is.
      elasticsearch: true,
    });
    this.service = this.space.pool('catalog');
    this.projection = this.space.pool('projection');
    for (const { sql } of outboxTables) await this.service.query(sql);
    await this.service.query(`CREATE TABLE article (
      id text COLLATE "C" PRIMARY KEY, version int NOT NULL, name text NOT NULL, gone boolean NOT NULL DEFAULT false)`);
    const received = sources.map((source) => contractOf(source));
    await migrateProjection(this.projection);
    await ensureCopyTables(
      this.projection,
      received.map(({ description }) => description),
    );
    this.#dataSource = await new DataSource({
      type: 'postgres',
      url: this.space.databaseUrl('catalog'),
    }).initialize();
    const { rabbitmqUrl: url, busPrefix } = this.space;
    this.#publisher = connectPublisher({
      url,
      exchange: busNames(busPrefix).events,
      topology: eventTopology(busPrefix),
      logger: silentLogger,
    });
    this.#relay = startRelay({
      pool: this.service,
      publisher: this.#publisher,
      logger: silentLogger,
      pollMs: 20,
    });
    this.#consumer = startProjectorConsumer({ pool: this.projection, url, busPrefix, sources: received });
    this.requester = await connectRequester({ url, busPrefix });
    this.start();
  }

  /** Answers requests from now on. */
  start(): void {
    this.#resync = startResync({
      dataSource: this.#dataSource,
      url: this.space.rabbitmqUrl,
      busPrefix: this.space.busPrefix,
      owner: 'catalog',
      sources: [published],
      logger: silentLogger,
      pollMs: 50,
      onAppended: () => this.#relay.wake(),
    });
  }

  async stop(): Promise<void> {
    await this.#resync?.close();
    this.#resync = null;
  }

  async begin(): Promise<void> {
    await this.service.query('TRUNCATE article, outbox, outbox_dead_letter, outbox_control, source_epoch');
    await this.projection.query('DELETE FROM copy_product WHERE erased_at IS NULL');
  }

  async dispose(): Promise<void> {
    await this.requester.close();
    await this.stop();
    await this.#relay.close();
    await this.#consumer.close();
    await this.#publisher.close();
    await this.#dataSource.destroy();
    await this.space.dispose();
  }

  asked(giveUpMs = 20_000): Asked {
    const { requester } = this;
    const { signal } = new AbortController();
    return { requester, source: 'product', owner: 'catalog', signal, repeatMs: 1_000, giveUpMs };
  }

  /** So many articles at version 2, each with its copy, as if their events had been applied long ago. */
  async fill(count: number, more: readonly string[] = []): Promise<void> {
    const ids = `SELECT 'SKU-' || lpad(n::text, 6, '0') AS id FROM generate_series(1, $1::int) AS n
      UNION ALL SELECT unnest($2::text[])`;
    await this.service.query(
      `INSERT INTO article (id, version, name) SELECT id, 2, 'Article ' || id FROM (${ids}) AS one`,
      [count, more],
    );
    await this.projection.query(
      `INSERT INTO copy_product (id, epoch, version, deleted, occurred_at, event_id, data)
       SELECT id, 0, 2, false, now(), 'seed', json_build_object(
         'id', id, 'sku', id, 'name', 'Article ' || id, 'price', 100, 'discontinued', false)
       FROM (${ids}) AS one`,
      [count, more],
    );
  }

  /** A command: the article's next version, with its event. */
  write(id: string, name: string): Promise<void> {
    return inTransaction(this.#dataSource, async (tx) => {
      const [row]: Article[] = await tx.query('SELECT * FROM article WHERE id = $1 FOR UPDATE', [id]);
      const version = (row?.version ?? 0) + 1;
      const next: Article = { id, version, name, gone: false };
      await tx.query(
        `INSERT INTO article VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, name = excluded.name`,
        [id, version, name],
      );
      await append(tx, contract, { name: 'ProductWritten', aggregateId: id, version, data: stateOf(next) });
    });
  }

  remove(id: string): Promise<void> {
    return inTransaction(this.#dataSource, async (tx) => {
      const found: [Article[], number] = await tx.query('DELETE FROM article WHERE id = $1 RETURNING *', [
        id,
      ]);
      const [row] = found[0];
      if (row === undefined) return;
      await append(tx, contract, {
        name: 'ProductRemoved',
        aggregateId: id,
        version: row.version + 1,
        deleted: true,
      });
    });
  }
}

/** Gives a spec file such a service, empty before each test. */
export function useWarehouse(): Warehouse {
  const warehouse = new Warehouse();
  beforeAll(() => warehouse.open(), 60_000);
  beforeEach(() => warehouse.begin());
  afterEach(() => warehouse.service.query('DELETE FROM outbox_control'));
  afterAll(() => warehouse.dispose(), 60_000);
  return warehouse;
}
