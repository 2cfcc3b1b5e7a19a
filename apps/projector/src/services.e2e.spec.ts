import { once } from 'node:events';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { pauseRelay, resumeRelay } from '#outbox';
import { eventually } from '#testing';
import { useWarehouse } from './cli/sources/testing/warehouse.js';
import { cliOf, type Cli, type Ended } from './testing/run-cli.js';

const shop = useWarehouse();
let cli: Cli;

beforeAll(() => {
  cli = cliOf(shop.space);
});

function run(...args: readonly string[]): Promise<Ended> {
  return cli.start(args, { CATALOG_DATABASE_URL: shop.space.databaseUrl('catalog') }).ended;
}

describe('prejoin verify --sources and repair --sources', () => {
  it('end with 0, 1 and 2 for equal, different and could not tell, and mend what differs', async () => {
    await shop.fill(300);
    expect(await run('verify', '--sources', 'product')).toMatchObject({
      code: 0,
      out: expect.stringContaining('product (catalog): equal to its service; 300 copies'),
    });

    await shop.projection.query(`
      DELETE FROM copy_product WHERE id = 'SKU-000001';
      UPDATE copy_product SET data = json_build_object('id', id, 'name', 'Wrong') WHERE id = 'SKU-000002'`);
    const differing = await run('verify', '--sources', 'product', '--contents', '--json');
    expect(differing.code).toBe(1);
    expect(JSON.parse(differing.out)).toMatchObject({
      verdict: 'different',
      sources: [{ counts: { missing: 1, different: 1 } }],
    });
    const dry = await run('repair', '--sources', 'product', '--dry-run');
    expect([dry.code, dry.out]).toEqual([0, expect.stringContaining('SKU-000001')]);
    expect(await run('repair', '--sources', 'product', '--contents')).toMatchObject({
      code: 0,
      out: 'product (catalog): 2 mended, 0 left.\n',
    });
    expect(await run('verify', '--sources', 'product', '--contents')).toMatchObject({ code: 0 });

    const away = await run('verify', '--sources', 'order');
    expect(away).toMatchObject({
      code: 2,
      out: expect.stringContaining('order (orders) could not be compared'),
    });
    expect(away.err).not.toContain('at Object');
  }, 120_000);

  it('publish single aggregates again by resync --id', async () => {
    await shop.fill(3);
    await shop.projection.query('UPDATE copy_product SET version = 1');
    const result = await run('resync', 'product', '--id', 'SKU-000002', 'nobody');
    expect(result).toMatchObject({ code: 0, out: 'product (catalog): 2 mended, 0 left.\n' });
    const { rows } = await shop.projection.query('SELECT id FROM copy_product WHERE version = 2');
    expect(rows).toEqual([{ id: 'SKU-000002' }]);
  }, 60_000);
});

describe('prejoin outbox', () => {
  it('shows what waits, who relays, what is paused, and which services it can not see', async () => {
    await pauseRelay(shop.service, 'ann');
    await shop.write('A', 'a');
    const { code, out } = await run('outbox', 'status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(
      expect.arrayContaining([
        {
          service: 'catalog',
          seen: expect.objectContaining({
            waiting: 1,
            paused: { since: expect.any(String), by: 'ann' },
            relays: [expect.objectContaining({ alive: true, pid: process.pid })],
          }),
        },
        { service: 'orders', unseen: 'ORDERS_DATABASE_URL is not set' },
      ]),
    );
    expect((await run('outbox', 'status', 'orders')).code).toBe(2);
  }, 60_000);

  it('lists, retries and discards dead letters, and says when a number names none', async () => {
    await pauseRelay(shop.service, 'ann');
    for (const id of ['A', 'B', 'C']) await shop.write(id, id);
    await shop.service.query(`
      WITH dead AS (DELETE FROM outbox RETURNING *)
      INSERT INTO outbox_dead_letter (seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body,
        attempts, reason, suspect, created_at)
      SELECT seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, 3, 'no queue', false, created_at
      FROM dead`);
    const listed = JSON.parse(
      (await run('outbox', 'dead-letters', 'list', 'catalog', '--json')).out,
    ) as readonly [{ readonly seen: readonly { readonly seq: number; readonly reason: string }[] }];
    const [first, second] = listed[0].seen.map(({ seq }) => `${seq}`);
    expect(listed[0].seen.map(({ reason }) => reason)).toEqual(['no queue', 'no queue', 'no queue']);

    expect((await run('outbox', 'dead-letters', 'discard', 'catalog', first!)).code).toBe(2);
    expect(await run('outbox', 'dead-letters', 'discard', 'catalog', first!, '--yes')).toMatchObject({
      code: 0,
      out: '1 discarded.\n',
    });
    expect((await run('outbox', 'dead-letters', 'retry', 'catalog', first!, second!)).code).toBe(1);
    expect(await run('outbox', 'dead-letters', 'retry', 'catalog', '--all')).toMatchObject({
      out: '1 put back.\n',
    });
    await resumeRelay(shop.service);
    await eventually(async () => {
      const { rows } = await shop.projection.query('SELECT id FROM copy_product ORDER BY id');
      expect(rows).toEqual([{ id: 'B' }, { id: 'C' }]);
    });
    const audit = await run('audit', '--json');
    expect(audit.out).toContain('outbox dead-letters discard');
  }, 120_000);
});

describe('prejoin tail', () => {
  it('shows events of a source as they come, one line each, and ends with 0 at Ctrl-C', async () => {
    const { child, ended } = cli.start(['tail', 'product', '--id', 'A'], {
      // It needs neither.
      PROJECTION_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
      ELASTICSEARCH_URL: 'http://127.0.0.1:1',
    });
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually(() => expect(said).toContain('Waiting for events'), { timeoutMs: 20_000 });
    await shop.write('B', 'b');
    await shop.write('A', 'a');
    await shop.write('A', 'aa');
    const [first] = (await once(child.stdout!, 'data')) as [Buffer];
    expect(first.toString()).toMatch(
      /^\S+Z {2}ProductWritten {2}product {2}A {2}version 1 {2}epoch 0 {2}\d+ B {2}\S+\n/,
    );
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0 });
  }, 120_000);

  it('ends quietly when its reader has enough', async () => {
    const { child, ended } = cli.start(['tail', '--json']);
    let said = '';
    child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await eventually(() => expect(said).toContain('Waiting for events'), { timeoutMs: 20_000 });
    child.stdout?.destroy();
    await eventually(
      async () => {
        await shop.write('A', 'a');
        expect(child.exitCode).toBe(0);
      },
      { timeoutMs: 20_000 },
    );
    expect((await ended).err).not.toContain('EPIPE');
  }, 120_000);

  it('ends with 2 when there is no broker', async () => {
    const { code, err } = await cli.start(['tail'], { RABBITMQ_URL: 'amqp://127.0.0.1:1' }).ended;
    expect([code, err]).toEqual([2, expect.stringContaining('The broker at 127.0.0.1:1 does not answer.')]);
  }, 120_000);
});
