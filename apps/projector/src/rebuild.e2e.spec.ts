import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seedOrders } from '#projection/testing';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { cliOf, type Cli, type Ended } from './testing/run-cli.js';

const ORDERS = 2_000;

let space: TestSpace;
let cli: Cli;

const prejoin = (...args: readonly string[]): Promise<Ended> => cli.run(...args);
const query = async <Row>(sql: string): Promise<readonly Row[]> =>
  (await space.pool('projection').query(sql)).rows as Row[];

async function untilScanned(roots: number): Promise<void> {
  await eventually(
    async () => {
      const [row] = await query<{ scanned: string }>('SELECT scanned FROM rebuild');
      expect(Number(row?.scanned ?? 0)).toBeGreaterThanOrEqual(roots);
    },
    { timeoutMs: 30_000 },
  );
}

async function served(): Promise<string | undefined> {
  const response = await fetch(`${space.elasticsearchUrl}/_alias/${space.indexPrefix}order-search`);
  return Object.keys((await response.json()) as object)[0];
}

/** The result that a command printed as its last line. */
function resultOf({ out }: Ended): Readonly<Record<string, unknown>> {
  return JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Readonly<Record<string, unknown>>;
}

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  cli = cliOf(space);
  expect(await cli.migrate()).toMatchObject({ code: 0, err: '' });
  await seedOrders(space.pool('projection'), { orders: ORDERS });
  // No projector runs here: what waits for the views beside is not looked at, and the rebuild brings what waits for its own.
  await query('DELETE FROM mark; DELETE FROM fan_out');
}, 60_000);
afterAll(() => space.dispose());

describe('prejoin rebuild', () => {
  it('is refused while another runs, and what stands still can not swap after it was taken over', async () => {
    const sleeper = cli.start(['rebuild', 'order-search', '--chunk', '25']);
    await untilScanned(300);
    sleeper.child.kill('SIGSTOP');
    const refused = await prejoin('rebuild', 'order-search');
    expect(refused).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /is being rebuilt already, by .*, process \d+ since \d{4}-.*: phase scan, \d+ of 2000 roots scanned/,
      ),
    });
    expect(refused.err).not.toMatch(/\n\s+at /);
    // As if it slept on until its lease has run out.
    await query(`UPDATE rebuild SET lease_until = now() - interval '1 second'`);
    const next = await prejoin('rebuild', 'order-search', '--json');
    expect(next.code).toBe(0);
    expect(resultOf(next)).toMatchObject({
      event: 'result',
      swapped: true,
      resumed: true,
      documents: ORDERS,
    });
    const live = await served();
    sleeper.child.kill('SIGCONT');
    expect(await sleeper.ended).toMatchObject({
      code: 1,
      err: expect.stringContaining(
        'This process ended its rebuild of view order-search: its index was swapped in already',
      ),
    });
    expect(await served()).toBe(live);
    expect(live).toMatch(/\.2$/);
  }, 90_000);

  it('prints one line of JSON after the other, the result last, and nothing else on standard output', async () => {
    const { code, out } = await prejoin(
      'rebuild',
      'order-search',
      '--json',
      '--no-swap',
      '--throttle',
      '2000',
    );
    expect(code).toBe(0);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
    expect(lines.slice(0, -1).map(({ event }) => event)).toEqual(lines.slice(1).map(() => 'progress'));
    expect([...new Set(lines.slice(0, -1).map(({ phase }) => phase))]).toEqual(['scan', 'drain', 'verify']);
    expect(lines.at(-1)).toMatchObject({
      event: 'result',
      swapped: false,
      documents: ORDERS,
      scanned: ORDERS,
    });
  }, 60_000);

  it('left what "prejoin swap" takes over, which wants the name typed where it is forced', async () => {
    const before = await served();
    const listed = await prejoin('jobs', 'list');
    expect(listed.out).toMatch(
      /^rebuild:order-search .* ready +2,000 of 2,000 .* none; waits for its swap$/m,
    );
    expect(await prejoin('swap', 'order-search', '--force')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--yes'),
    });
    expect(await served()).toBe(before);
    const swapped = await prejoin('swap', 'order-search');
    expect(swapped).toMatchObject({ code: 0 });
    expect(swapped.out).toMatch(
      /^View order-search is served from .*\.3, with 2,000 documents\. .*\.2 is kept current/,
    );
    expect(await prejoin('swap', 'order-search')).toMatchObject({
      code: 1,
      err: expect.stringContaining('npx prejoin rebuild order-search --no-swap'),
    });
    expect(await prejoin('swap', 'order-saerch')).toMatchObject({ code: 2 });
  }, 60_000);

  it('builds single documents again and says what became of each', async () => {
    await query(`DELETE FROM mark`);
    const { code, out } = await prejoin('rebuild', 'order-search', '--id', 'order-0000001', '--id', 'nobody');
    expect(code).toBe(0);
    expect(out).toMatch(/^order-0000001 .* previous +indexed$/m);
    expect(out).toMatch(/^order-0000001 .* live +indexed$/m);
    expect(out).toMatch(/^nobody .* live +has no document$/m);
  });
});

describe('prejoin rollback', () => {
  it('wants the name typed, or --yes, and moves readers back', async () => {
    expect(await prejoin('rollback', 'order-search')).toMatchObject({ code: 2 });
    expect(await served()).toMatch(/\.3$/);
    const { code, out } = await prejoin('rollback', 'order-search', '--yes');
    expect(out).toMatch(/is served from .*\.2 again, with 2,000 documents\. .*\.3 is kept current for 24 h/);
    expect(code).toBe(0);
    expect(await served()).toMatch(/\.2$/);
    expect(await prejoin('rollback', 'customer-overview', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('has no previous generation'),
    });
  }, 60_000);
});

describe('prejoin jobs', () => {
  it('cancels a rebuild under the hands of the process that runs it', async () => {
    const running = cli.start(['rebuild', 'order-search', '--chunk', '20', '--throttle', '200']);
    await untilScanned(100);
    expect((await prejoin('jobs', 'list')).out).toMatch(/^rebuild:order-search .* scan .* alive$/m);
    expect(await prejoin('jobs', 'cancel', 'rebuild:order-search')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^The rebuild of view order-search is cancelled, and .*\.4 dropped\.$/m),
    });
    expect(await running.ended).toMatchObject({
      code: 1,
      err: expect.stringMatching(/ended its rebuild of view order-search: it was cancelled(, and| by)/),
    });
    expect((await prejoin('jobs', 'list')).out).toBe('Nothing goes on.\n');
  }, 60_000);

  it('cancels a fan-out only when its id is typed, and says what is stale then', async () => {
    await query(
      `INSERT INTO fan_out_job (route, key, done, total)
       VALUES ('{"view":"order-search","source":"product"}', 'p-1', 100, 400)`,
    );
    const [{ id = '' } = {}] = await query<{ id: string }>('SELECT id FROM fan_out_job');
    const job = `fan-out:${id}`;
    expect((await prejoin('jobs', 'list')).out).toMatch(
      /^fan-out:\d+ +order-search +product p-1 +100 +400 /m,
    );
    expect(await prejoin('jobs', 'cancel', job)).toMatchObject({ code: 2 });
    const { code, out } = await prejoin('jobs', 'cancel', job, '--yes');
    expect(out).toContain('with 100 of 400 documents marked; the others are stale now.');
    expect(out).toContain('npx prejoin repair order-search');
    expect(code).toBe(0);
    expect(await prejoin('jobs', 'cancel', job, '--yes')).toMatchObject({ code: 1 });
    expect(await prejoin('jobs', 'cancel', 'order-search')).toMatchObject({ code: 2 });
  });

  it('left in the audit who did what, what was refused among it', async () => {
    const records = JSON.parse((await prejoin('audit', '--json')).out) as {
      command: string;
      subject: string;
      outcome: string | null;
    }[];
    const told = records.map(
      ({ command, subject, outcome }) => `${command} ${subject} ${outcome ?? 'no end'}`,
    );
    expect(told.toReversed()).toEqual([
      'rebuild order-search failed',
      'rebuild order-search failed',
      'rebuild order-search done',
      'rebuild order-search done',
      'swap order-search done',
      'swap order-search failed',
      'rebuild --id order-search done',
      'rollback order-search done',
      'rollback customer-overview failed',
      'rebuild order-search failed',
      'jobs cancel rebuild:order-search done',
      `jobs cancel ${told[1]?.split(' ')[2] ?? ''} done`,
      `jobs cancel ${told[0]?.split(' ')[2] ?? ''} failed`,
    ]);
  });
});
