import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { outboxTables } from '#outbox';
import { documentsWith, tablesWith } from '#projection/testing';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import {
  eventOf,
  orderState,
  projectorEnv,
  publishAll,
  spawnProjector,
  type ProjectorProcess,
} from './testing/projector-process.js';
import { cliOf, type Cli } from './testing/run-cli.js';

const canary = 'Zorblax-of-Quuxington';
const id = '019a3c1e-0000-7000-8000-0000000000aa';

let space: TestSpace;
let cli: Cli;
let customers: pg.Pool;
let projector: ProjectorProcess;

const customerState = (name: string) => ({
  id,
  name,
  email: `${canary}@example.com`,
  tier: 'gold',
  street: 'Main street 1',
  postalCode: '1000',
  city: canary,
  country: 'NL',
  registeredAt: '2026-01-01T00:00:00.000Z',
});
const erase = (args: readonly string[], variables: Readonly<Record<string, string>> = {}) =>
  cli.start(['erase', 'customer', id, ...args], {
    CUSTOMERS_DATABASE_URL: space.databaseUrl('customers'),
    ...variables,
  }).ended;
const documents = () => documentsWith(space.elasticsearchUrl, space.indexPrefix, canary);

/** The database of the service as its migrations make it, with all that may hold what a customer is. */
async function openCustomers(): Promise<pg.Pool> {
  const pool = space.pool('customers');
  for (const { sql } of outboxTables) await pool.query(sql);
  await pool.query(`
    CREATE TABLE customer (id uuid PRIMARY KEY, name text);
    CREATE TABLE idempotency_key (
      key text PRIMARY KEY, request_hash bytea NOT NULL, status smallint, headers json, body text,
      created_at timestamptz NOT NULL DEFAULT now()
    );`);
  await pool.query('INSERT INTO customer VALUES ($1, $2)', [id, canary]);
  await pool.query(
    `INSERT INTO idempotency_key (key, request_hash, status, headers, body)
     VALUES ('registered', '\\x00', 201, '{}', $1), ('other', '\\x00', 201, '{}', '{"id":"x"}')`,
    [JSON.stringify(customerState(canary))],
  );
  const columns = `event_id, source, aggregate_id, name, epoch, version, routing_key, body`;
  const values = `gen_random_uuid(), 'customer', $1, 'ProfileChanged', 0, 5, 'customer.ProfileChanged', convert_to($2, 'UTF8')`;
  await pool.query(`INSERT INTO outbox (${columns}) VALUES (${values})`, [id, canary]);
  await pool.query(
    `INSERT INTO outbox_dead_letter (seq, ${columns}, attempts, reason, suspect, created_at)
     VALUES (1, ${values}, 9, 'too large', false, now())`,
    [id, canary],
  );
  return pool;
}

beforeAll(async () => {
  space = await createTestSpace({
    databases: ['projection', 'customers'],
    rabbitmq: true,
    elasticsearch: true,
  });
  cli = cliOf(space);
  customers = await openCustomers();
  expect((await cli.migrate()).code).toBe(0);
  projector = spawnProjector(projectorEnv(space));
  await publishAll(space, [
    eventOf('customer', 1, customerState(canary)),
    eventOf('order', 1, { ...orderState('o1'), customerId: id }),
  ]);
  await eventually(async () => expect(await documents()).toHaveLength(2), { timeoutMs: 30_000 });
}, 60_000);
afterAll(async () => {
  projector.child.kill('SIGKILL');
  await space.dispose();
});

describe('prejoin erase', () => {
  it('asks for the id to be typed, and shows with --dry-run where the aggregate is', async () => {
    expect(await erase([])).toMatchObject({ code: 2, err: expect.stringContaining('--yes') });
    expect(await cli.run('erase', 'customers', id, '--yes')).toMatchObject({
      code: 2,
      err: expect.stringContaining('The sources are:'),
    });
    const { code, out } = await erase(['--dry-run']);
    expect([code, out]).toEqual([0, expect.stringContaining('nothing was changed')]);
    expect(out).toMatch(/copy of customer +1 +-\n/);
    expect(out).toMatch(/documents of .*order-search.* \(live\) +1 +-\n/);
    expect(out).toMatch(/stored answers of customers +1 +-\n/);
    expect(await documents()).toHaveLength(2);
  }, 30_000);

  it('ends with 1 while a place could not be looked at, and says how', async () => {
    const { code, out } = await erase(['--yes'], { CUSTOMERS_DATABASE_URL: '' });
    expect(code).toBe(1);
    expect(out).toContain('is erased in part');
    expect(out).toContain('CUSTOMERS_DATABASE_URL is not set');
    expect(await documents()).toEqual([]);
  }, 30_000);

  it('leaves nothing but the row of the owner and the audit, without data, also of events that come later', async () => {
    const { code, out } = await erase(['--yes', '--json']);
    const receipt = JSON.parse(out) as { places: readonly unknown[]; notes: readonly string[] };
    expect({ code, receipt }).toMatchObject({ code: 0, receipt: { complete: true, left: [] } });
    expect(receipt.places).toEqual(
      expect.arrayContaining([
        { place: 'outbox of customers', found: 1, erased: 1 },
        { place: 'dead letters of the outbox of customers', found: 1, erased: 1 },
        { place: 'stored answers of customers', found: 1, erased: 1 },
      ]),
    );
    expect(receipt.notes.join(' ')).toContain('customers still has rows of this id (customer)');
    expect(out).not.toContain(canary);

    await publishAll(space, [
      eventOf('customer', 9, customerState(canary)),
      eventOf('customer', 10, { ...customerState(canary), tier: 7 }),
      eventOf('order', 2, { ...orderState('o1'), customerId: id }),
    ]);
    const projection = space.pool('projection');
    await eventually(async () => {
      const { rows } = await projection.query<{ version: string }>('SELECT version FROM copy_customer');
      expect(rows).toEqual([{ version: '9' }]);
      expect((await projection.query('SELECT FROM dead_letter')).rowCount).toBe(1);
      expect((await projection.query('SELECT FROM mark UNION ALL SELECT FROM fan_out')).rowCount).toBe(0);
    });
    expect(await tablesWith(projection, canary)).toEqual([]);
    expect(await tablesWith(customers, canary)).toEqual(['customer']);
    expect(await documents()).toEqual([]);
    const { rows } = await projection.query('SELECT command, subject, outcome FROM audit ORDER BY id');
    expect(rows).toEqual(Array(2).fill({ command: 'erase', subject: `customer ${id}`, outcome: 'done' }));
  }, 60_000);
});
