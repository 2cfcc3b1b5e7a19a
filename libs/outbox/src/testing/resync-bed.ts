import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { DataSource } from 'typeorm';
import type { Pool } from 'pg';
import { newId, silentLogger } from '#kernel';
import {
  connectRequester,
  decodeEnvelope,
  type ComparingQuestion,
  type Envelope,
  type Requester,
  type ServiceAnswer,
  type ServiceRequest,
} from '#messaging';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { append } from '../append.js';
import type { EventContract } from '../encode-event.js';
import type { CurrentAggregate, PublishedSource } from '../resync/published-source.js';
import { startResync, type Resync, type ResyncOptions } from '../resync/resync.js';
import { outboxTables } from '../tables.js';
import { inTransaction, type Transaction } from '../transaction.js';

/** Its state is in two tables, and is of one version only if both say the same. */
const contract: EventContract = {
  name: 'item',
  faults: (state) => ((state as { note: unknown }).note === 'refused' ? ['Its note is refused.'] : []),
};

interface Row {
  readonly id: string;
  readonly version: number;
  readonly deleted: boolean;
}

export const items: PublishedSource = {
  contract,
  async count(tx) {
    const rows: { count: number }[] = await tx.query('SELECT count(*)::int AS count FROM item');
    return rows[0]!.count;
  },
  async lockPage(tx, after, limit) {
    const rows: Row[] = await tx.query(
      `SELECT id, version, deleted FROM item WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2 FOR SHARE`,
      [after, limit],
    );
    // Long enough for a writer that is not kept out.
    await tx.query('SELECT pg_sleep(0.02)');
    const notes = await notesOf(
      tx,
      rows.map(({ id }) => id),
    );
    return rows.map(({ id, version, deleted }) => ({
      id,
      version,
      data: deleted ? null : { id, note: notes.get(id) },
    }));
  },
  async versions(tx, ids) {
    const rows: Row[] = await tx.query('SELECT id, version FROM item WHERE id = ANY ($1)', [ids]);
    return new Map(rows.map(({ id, version }) => [id, version]));
  },
  compared: {
    rows: () => ({
      table: 'item',
      id: 'id',
      idType: 'text',
      version: 'version',
      deleted: 'deleted',
      greatestUpTo: (bound) => bound,
    }),
    readPage: async (tx, after, limit) =>
      statesOf(
        tx,
        await tx.query(
          'SELECT id, version, deleted FROM item WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2',
          [after, limit],
        ),
      ),
    readThese: async (tx, ids, how) =>
      statesOf(
        tx,
        await tx.query(
          `SELECT id, version, deleted FROM item WHERE id = ANY ($1) ORDER BY id ${how === 'locked' ? 'FOR SHARE' : ''}`,
          [ids],
        ),
      ),
  },
};

async function statesOf(tx: Transaction, rows: readonly Row[]): Promise<readonly CurrentAggregate[]> {
  const notes = await notesOf(
    tx,
    rows.map(({ id }) => id),
  );
  return rows.map(({ id, version, deleted }) => ({
    id,
    version,
    data: deleted ? null : { id, note: notes.get(id) },
  }));
}

async function notesOf(tx: Transaction, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const rows: { id: string; note: string }[] = await tx.query(
    'SELECT id, note FROM item_note WHERE id = ANY ($1)',
    [ids],
  );
  return new Map(rows.map(({ id, note }) => [id, note]));
}

/** Writes an item's next version, with its event, as a use case does. */
export async function writeItem(tx: Transaction, id: string, note?: string): Promise<void> {
  const rows: Row[] = await tx.query('SELECT id, version FROM item WHERE id = $1 FOR UPDATE', [id]);
  const version = (rows[0]?.version ?? 0) + 1;
  const said = note ?? `note ${version}`;
  await tx.query(
    `INSERT INTO item (id, version) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET version = excluded.version`,
    [id, version],
  );
  await tx.query(
    'INSERT INTO item_note VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET note = excluded.note',
    [id, said],
  );
  await append(tx, contract, { name: 'ItemWritten', aggregateId: id, version, data: { id, note: said } });
}

/** A service of items in a database of its own, with processes that can be killed, and somebody who asks. */
export class ResyncBed {
  space!: TestSpace;
  pool!: Pool;
  requester!: Requester;
  dataSource!: DataSource;
  readonly #opened: { readonly resync: Resync; readonly dataSource: DataSource }[] = [];

  async open(): Promise<void> {
    this.space = await createTestSpace({ databases: ['items'], rabbitmq: true });
    this.pool = this.space.pool('items');
    for (const { sql } of outboxTables) await this.pool.query(sql);
    await this.pool.query(`
      CREATE TABLE item (id text COLLATE "C" PRIMARY KEY, version int NOT NULL, deleted bool NOT NULL DEFAULT false);
      CREATE TABLE item_note (id text PRIMARY KEY, note text NOT NULL)`);
    this.dataSource = await this.#connect('test');
  }

  async begin(): Promise<void> {
    await this.pool.query('TRUNCATE item, item_note, outbox, resync, source_epoch');
    this.requester = await connectRequester({ url: this.space.rabbitmqUrl, busPrefix: this.space.busPrefix });
  }

  async end(): Promise<void> {
    for (const { resync, dataSource } of this.#opened.splice(0)) {
      await resync.close();
      await dataSource.destroy();
    }
    await this.requester.close();
  }

  async dispose(): Promise<void> {
    await this.dataSource.destroy();
    await this.space.dispose();
  }

  /** A process of the service, under an application name that it can be killed by. */
  async start(name: string, more: Partial<ResyncOptions> = {}): Promise<Resync> {
    const dataSource = await this.#connect(name);
    const resync = startResync({
      dataSource,
      url: this.space.rabbitmqUrl,
      busPrefix: this.space.busPrefix,
      owner: 'items',
      sources: [items],
      logger: silentLogger,
      pollMs: 50,
      ...more,
    });
    this.#opened.push({ resync, dataSource });
    await eventually(() => this.ask({ kind: 'whichAreGone', aggregates: [] }));
    return resync;
  }

  #connect(applicationName: string): Promise<DataSource> {
    const url = this.space.databaseUrl('items');
    const poolErrorHandler = (): void => undefined;
    return new DataSource({
      type: 'postgres',
      url,
      applicationName,
      poolErrorHandler,
      extra: { max: 4 },
    }).initialize();
  }

  /** As a crash ends them: whatever they had not committed is rolled back. */
  async killConnections(name: string): Promise<void> {
    await this.pool.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1',
      [name],
    );
  }

  /** Items i000, i001, … at version 1, whose first events were sent long ago. */
  async fill(count: number): Promise<void> {
    await this.pool.query(
      `WITH made AS (INSERT INTO item SELECT 'i' || lpad(n::text, 3, '0'), 1 FROM generate_series(0, $1::int - 1) AS n RETURNING id)
       INSERT INTO item_note SELECT id, 'note 1' FROM made`,
      [count],
    );
  }

  write(id: string, note?: string): Promise<void> {
    return inTransaction(this.dataSource, (tx) => writeItem(tx, id, note));
  }

  send(request: RequestPart): Promise<string> {
    const id = request.id ?? newId();
    const base = { source: 'item', replyTo: this.requester.replyTo };
    const whole: ServiceRequest =
      request.kind === 'resync'
        ? { raiseEpochAbove: null, ...base, ...request, id }
        : { ...base, ...request, id };
    return this.requester.send('items', whole).then(() => id);
  }

  async ask(request: RequestPart): Promise<ServiceAnswer> {
    await this.send(request);
    return this.answer();
  }

  async answer(): Promise<ServiceAnswer> {
    const answer = await this.requester.next(10_000, new AbortController().signal);
    if (answer === null) throw new Error('No answer came within 10 s.');
    return answer;
  }

  /** The answers until one says that it has ended, with whatever is in the outbox sent meanwhile. */
  async untilEnded(sent: Envelope[] = []): Promise<readonly ServiceAnswer[]> {
    const answers: ServiceAnswer[] = [];
    for (;;) {
      sent.push(...(await this.drain()));
      const answer = await this.requester.next(20, new AbortController().signal);
      if (answer === null) continue;
      answers.push(answer);
      if (answer.kind === 'refused' || (answer.kind === 'progress' && answer.state === 'done'))
        return answers;
    }
  }

  /** What the relay would send: takes all events out of the outbox. */
  async drain(): Promise<Envelope[]> {
    const { rows } = await this.pool.query<{ body: Buffer; seq: string }>(
      'DELETE FROM outbox RETURNING seq, body',
    );
    return rows
      .sort((a, b) => Number(a.seq) - Number(b.seq))
      .map(({ body }) => {
        const decoded = decodeEnvelope(body);
        if ('fault' in decoded) throw new Error(decoded.fault);
        return decoded.envelope;
      });
  }
}

type RequestPart =
  | (ComparingQuestion & { readonly id?: string; readonly source?: string })
  | {
      readonly kind: 'resync';
      readonly id?: string;
      readonly source?: string;
      readonly raiseEpochAbove?: number;
    }
  | {
      readonly kind: 'whichAreGone';
      readonly id?: string;
      readonly source?: string;
      readonly aggregates: readonly {
        readonly id: string;
        readonly epoch: number;
        readonly version: number;
      }[];
    };

/** Gives a spec file such a service, with empty tables before each test. */
export function useResyncBed(): ResyncBed {
  const bed = new ResyncBed();
  beforeAll(() => bed.open());
  beforeEach(() => bed.begin());
  afterEach(() => bed.end());
  afterAll(() => bed.dispose());
  return bed;
}
