import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import {
  deletionOf,
  eventOf,
  orderState,
  projectorEnv,
  publishAll,
  spawnProjector,
  type ProjectorProcess,
} from './testing/projector-process.js';
import { cliOf, type Cli, type Ended } from './testing/run-cli.js';

const customer = {
  id: 'c1',
  name: 'Ann',
  email: 'ann@example.com',
  tier: 'gold',
  street: 'Main street 1',
  postalCode: '1000',
  city: 'Here',
  country: 'NL',
  registeredAt: '2026-01-01T00:00:00.000Z',
};

let space: TestSpace;
let cli: Cli;
let projector: ProjectorProcess;

/** With one variable that names a server which is not there. */
const without = (variable: string, ...args: readonly string[]): Promise<Ended> =>
  cli.start(args, {
    [variable]: variable.startsWith('ELASTIC') ? 'http://127.0.0.1:1' : 'postgres://x@127.0.0.1:1/x',
  }).ended;

/** Gives the customer another name in the document alone, as nobody but a fault does. */
async function plant(id: string): Promise<void> {
  const { rows } = await space
    .pool('projection')
    .query<{ name: string }>(`SELECT index_name AS name FROM generation WHERE view = 'order-search'`);
  const url = `${space.elasticsearchUrl}/${rows[0]?.name}/_doc/${id}`;
  const { _version, _source } = (await (await fetch(url)).json()) as {
    readonly _version: number;
    readonly _source: { readonly customer: object };
  };
  const { ok } = await fetch(`${url}?version=${_version}&version_type=external_gte`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ..._source, customer: { ..._source.customer, name: 'Bob' } }),
  });
  expect(ok).toBe(true);
}

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], rabbitmq: true, elasticsearch: true });
  cli = cliOf(space);
  expect((await cli.migrate()).code).toBe(0);
  projector = spawnProjector(projectorEnv(space));
  await publishAll(space, [
    eventOf('customer', 3, customer),
    deletionOf('order', 2, 'o2'),
    eventOf('order', 1, { ...orderState('o1', ['p1']), customerId: 'c1' }),
  ]);
  await eventually(
    async () => {
      const { code, out } = await cli.run('explain', 'order-search', 'o1');
      expect([code, out]).toEqual([0, expect.stringContaining(' c1 ')]);
    },
    { timeoutMs: 60_000 },
  );
}, 90_000);
afterAll(async () => {
  projector.child.kill('SIGKILL');
  await space.dispose();
});

describe('prejoin explain', () => {
  it('shows a document’s parts with versions, and joins that lead to nothing', async () => {
    const { code, out } = await cli.run('explain', 'order-search', 'o1');
    expect(code).toBe(0);
    expect(out).toContain('order-search o1: as it should be');
    expect(out).toMatch(/customer +customer +c1 +3 /);
    expect(out).toMatch(/lines\[0\]\.product +product +none \(by p1\)/);
  }, 30_000);

  it('ends with 0 for a document that is rightly not there, 1 for one that is wrong or unheard of, 2 for an unknown view', async () => {
    const none = await cli.run('explain', 'order-search', 'o9');
    expect([none.code, none.out]).toEqual([1, expect.stringContaining('nothing is known of it')]);
    const gone = await cli.run('explain', 'order-search', 'o2');
    expect([gone.code, gone.out]).toEqual([
      0,
      expect.stringContaining('its root is deleted since version 2'),
    ]);
    expect(await cli.run('explain', 'orders', 'o1')).toMatchObject({
      code: 2,
      err: expect.stringContaining('The views are:'),
    });
    await plant('o1');
    const wrong = await cli.run('explain', 'order-search', 'o1', '--json');
    expect(wrong.code).toBe(1);
    expect(JSON.parse(wrong.out)).toMatchObject({
      verdict: 'different',
      differences: [{ path: 'customer.name', before: 'Bob', after: 'Ann' }],
    });
  }, 60_000);

  it('says what it could not see while a server is down, and shows the rest', async () => {
    const noIndex = await without('ELASTICSEARCH_URL', 'explain', 'order-search', 'o1');
    expect([noIndex.code, noIndex.out]).toEqual([2, expect.stringContaining('could not be told')]);
    expect(noIndex.out).toMatch(/customer +customer +c1 +3 /);
    const noDatabase = await without('PROJECTION_DATABASE_URL', 'explain', 'order-search', 'o1');
    expect([noDatabase.code, noDatabase.out]).toEqual([2, expect.stringContaining('"revision"')]);
    expect(noDatabase.err).toContain('could not be asked');
  }, 60_000);
});

describe('prejoin diff', () => {
  it('ends with 0 where the view is served as it is declared', async () => {
    const { code, out } = await cli.run('diff', 'order-search');
    expect([code, out]).toEqual([0, expect.stringContaining('a rebuild changes nothing')]);
  }, 30_000);

  it('ends with 1 and shows fields and examples where it is not, also without the index server', async () => {
    // As an older release would have declared it.
    await space.pool('projection').query(
      `UPDATE generation SET fingerprint = 'older', plan = jsonb_set(plan::jsonb, '{shape,fields}', (
         SELECT jsonb_agg(field) FROM jsonb_array_elements(plan::jsonb #> '{shape,fields}') AS field
         WHERE field ->> 'name' <> 'status'
       ))::json WHERE view = 'order-search'`,
    );
    const { code, out } = await without('ELASTICSEARCH_URL', 'diff', 'order-search', '--all');
    expect(code).toBe(1);
    expect(out).toContain('status: field added');
    expect(out).toContain('1 of 1 documents compared: 1 change, 0 appear, 0 vanish.');
    expect(out).toContain('o1: nothing -> "pending"');
    expect(JSON.parse((await cli.run('diff', 'order-search', '--id', 'o1', '--json')).out)).toMatchObject({
      fields: [{ field: 'status', documents: 1, examples: [{ id: 'o1', after: 'pending' }] }],
    });
  }, 60_000);

  it('ends with 2 when it could not be told', async () => {
    expect(await without('PROJECTION_DATABASE_URL', 'diff', 'order-search')).toMatchObject({
      code: 2,
      out: '',
    });
    expect((await cli.run('diff', 'orders')).code).toBe(2);
    expect((await cli.run('diff', 'order-search', '--sample', 'x')).code).toBe(2);
  }, 60_000);
});
