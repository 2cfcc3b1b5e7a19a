import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { outboxTables } from '#outbox';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { awayUrls } from '../testing/cli-projection.js';
import { cliOf, type Cli } from '../testing/run-cli.js';

let space: TestSpace;
let cli: Cli;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection', 'orders'], elasticsearch: true });
  cli = cliOf(space);
  expect(await cli.migrate()).toMatchObject({ code: 0, err: '' });
}, 60_000);
afterAll(() => space.dispose());

describe('prejoin pause and resume', () => {
  it('may be repeated, say since when and by whom, and leave rows in the audit', async () => {
    const ann = { PREJOIN_OPERATOR: 'ann' };
    const paused = await cli.start(['pause', 'order-search', '--reason', 'a move'], ann).ended;
    expect(paused).toMatchObject({
      code: 0,
      out: 'view:order-search is paused: a move. What comes waits until: npx prejoin resume view:order-search\n',
    });
    expect(paused.err).toMatch(/^Target: local/);
    const again = await cli.start(['pause', 'view:order-search', '--json'], { PREJOIN_OPERATOR: 'bob' })
      .ended;
    expect(JSON.parse(again.out)).toMatchObject({
      what: 'view:order-search',
      by: expect.stringMatching(/^ann@/),
      fresh: false,
    });

    const resumed = await cli.run('resume', 'order-search');
    expect(resumed).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^view:order-search goes on; .* by ann@/),
    });
    expect(await cli.run('resume', 'order-search')).toMatchObject({
      code: 0,
      out: 'view:order-search was not paused.\n',
    });

    const { rows } = await space
      .pool('projection')
      .query(
        `SELECT operator, command, subject, outcome FROM audit WHERE command IN ('pause', 'resume') ORDER BY id`,
      );
    expect(rows.slice(0, 3)).toEqual([
      { operator: 'ann', command: 'pause', subject: 'view:order-search', outcome: 'done' },
      { operator: 'bob', command: 'pause', subject: 'view:order-search', outcome: 'done' },
      expect.objectContaining({ command: 'resume', outcome: 'done' }),
    ]);
  }, 60_000);

  it('end with 2 for what there is not, and name what there is', async () => {
    expect(await cli.run('pause', 'order-saerch')).toMatchObject({
      code: 2,
      out: '',
      err: expect.stringMatching(/no view 'order-saerch'.*\n.*order-search.*fan-out/),
    });
  }, 30_000);
});

describe('prejoin pause relay and resume relay', () => {
  it('act in the database of each service that is meant, and say which could not be reached', async () => {
    for (const { sql } of outboxTables) await space.pool('orders').query(sql);
    const variables = { ORDERS_DATABASE_URL: space.databaseUrl('orders'), PREJOIN_OPERATOR: 'ann' };
    const paused = await cli.start(['pause', 'relay', 'orders', '--json'], variables).ended;
    expect({ code: paused.code, answer: JSON.parse(paused.out) as unknown }).toMatchObject({
      code: 0,
      answer: [{ service: 'orders', state: 'paused', by: expect.stringMatching(/^ann@/) }],
    });
    expect((await space.pool('orders').query('SELECT FROM outbox_control')).rowCount).toBe(1);
    const resumed = await cli.start(['resume', 'relay'], variables).ended;
    expect(resumed).toMatchObject({
      code: 2,
      out: expect.stringMatching(/^orders +resumed +since .* by ann@/m),
    });
    expect(resumed.out).toMatch(/^payments +not reached +PAYMENTS_DATABASE_URL is not set$/m);
    expect((await space.pool('orders').query('SELECT FROM outbox_control')).rowCount).toBe(0);
    expect(await cli.run('pause', 'relay', 'odrers')).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no service odrers.'),
    });
  }, 60_000);
});

describe('prejoin doctor', () => {
  it('ends with 1 for what is wrong and 2 where it could look at nothing, with a remedy for each line', async () => {
    const { code, out, err } = await cli.run('doctor', '--json');
    expect({ code, err }).toMatchObject({ code: 1, err: expect.stringMatching(/^Target: .*\n$/) });
    const { exitCode, findings } = JSON.parse(out) as {
      exitCode: number;
      findings: { verdict: string; what: string; remedy: string | null }[];
    };
    expect(exitCode).toBe(1);
    expect(findings).toContainEqual(expect.objectContaining({ verdict: 'fail', what: 'projectors: alive' }));
    for (const { verdict, remedy } of findings)
      if (verdict !== 'ok' && verdict !== 'skip') expect(remedy).toMatch(/\w{3}/);

    const away = await cli.start(['doctor', '--bad'], awayUrls).ended;
    expect(away).toMatchObject({ code: 2, out: expect.stringMatching(/^unknown +projection: reached/m) });
    expect(away.out).not.toMatch(/^(ok|warn|fail) /m);
    expect(away.out + away.err).not.toMatch(/secret|\n\s+at /);
  }, 60_000);
});

describe('prejoin status --watch', () => {
  it('prints a line of JSON each time, and ends well at Ctrl-C', async () => {
    const watching = cli.start(['status', '--watch', '--every', '0.2', '--json']);
    let seen = '';
    watching.child.stdout?.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually(() => expect(seen.split('\n').length).toBeGreaterThan(2), { timeoutMs: 30_000 });
    watching.child.kill('SIGINT');
    const { code, out, err } = await watching.ended;
    expect(code).toBe(0);
    for (const line of out.trimEnd().split('\n'))
      expect(JSON.parse(line)).toMatchObject({ environment: 'local', marks: { count: 0 } });
    expect(out).not.toContain('\u001b');
    expect(err).not.toMatch(/\n\s+at /);
  }, 60_000);
});
