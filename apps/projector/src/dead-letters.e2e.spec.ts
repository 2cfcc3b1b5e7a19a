import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type pg from 'pg';
import { createTestSpace, eventually, type TestSpace } from '#testing';
import { cliOf, type Cli, type Ended } from './testing/run-cli.js';

let space: TestSpace;
let pool: pg.Pool;
let cli: Cli;

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  pool = space.pool('projection');
  cli = cliOf(space);
  expect(await cli.migrate()).toMatchObject({ code: 0, err: '' });
}, 60_000);
afterAll(() => space.dispose());
beforeEach(async () => {
  await pool.query('TRUNCATE dead_letter RESTART IDENTITY; DELETE FROM mark; DELETE FROM copy_product');
});

const letters = (...args: readonly string[]): Promise<Ended> => cli.run('dead-letters', ...args);

/** Writes `count` letters about products, of which every second one is good by now, with ids from 1. */
async function writeLetters(count: number): Promise<void> {
  await pool.query(
    `INSERT INTO dead_letter (fingerprint, kind, reason, source, aggregate_id, epoch, version, message_id, body)
     SELECT encode(sha256(convert_to('["' || event || '",null,null]' || body, 'UTF8')), 'hex'), 'envelope',
            'No source named ''product'' is known here.', 'product', 'c' || n, 0, 1, event, convert_to(body, 'UTF8')
     FROM generate_series(1, $1::int) AS n,
       lateral (SELECT '0190a000-0000-7000-8000-' || lpad(to_hex(n), 12, '0') AS event) AS ids,
       lateral (SELECT json_build_object(
         'id', event, 'name', 'ProductListed', 'source', 'product', 'aggregateId', 'c' || n, 'epoch', 0,
         'version', 1, 'deleted', false, 'occurredAt', '2026-01-01T00:00:00.000Z', 'traceparent', null,
         'data', json_build_object('id', 'c' || n, 'name', CASE WHEN n % 2 = 0 THEN 'Lamp' END, 'sku', 's', 'price', 1,
           'discontinued', false))::text AS body) AS bodies`,
    [count],
  );
}

describe('prejoin dead-letters', () => {
  it('says what it can do, with examples', async () => {
    expect(await letters('--help')).toMatchObject({ code: 0, out: expect.stringContaining('$ npx prejoin') });
  });

  it.each([
    { args: ['list', '--kind', 'constrain'], says: 'Allowed choices are envelope, constraint, document' },
    { args: ['show', '7'], says: 'There is no dead letter 7.\nList them with: npx prejoin' },
    { args: ['retry'], says: '--all' },
  ])('ends with 2 for $args, and says what would be good', async ({ args, says }) => {
    expect(await letters(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(says) });
  });

  it('lists a page with the command for the next one, and JSON a letter a line', async () => {
    await writeLetters(5);
    const { code, out } = await letters('list', '--source', 'product', '--since', '1h', '--limit', '2');
    expect(code).toBe(0);
    expect(out).toMatch(
      /^ID +KIND +STATE +WRITTEN \(UTC\) +ABOUT +REASON\n1 +envelope +open .* product c1, version 1 +No/,
    );
    expect(out).toContain('2 of 5 dead letters that match.');
    const next = /npx prejoin dead-letters (list .*)/.exec(out)?.[1]?.split(' ') ?? [];
    expect(next).toEqual(expect.arrayContaining(['--after', '2', '--limit', '2']));
    expect((await letters(...next)).out).toMatch(/\n3 +envelope[^]*\n4 +envelope/);

    const json = await letters('list', '--json', '--after', '3');
    expect(
      json.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown),
    ).toMatchObject([
      { id: 4, aggregateId: 'c4', state: 'open' },
      { id: 5, kind: 'envelope' },
    ]);
    expect(json.err).toMatch(/^Target: .*\n2 of 5 dead letters that match\.\n$/);
  });

  it('shows a message as readable JSON, its bytes as they came, and nothing that moves the cursor', async () => {
    await writeLetters(1);
    const shown = await letters('show', '1');
    expect(shown.out).toContain('Dead letter 1: envelope, open\n  reason     No source');
    expect(shown.out).toContain('  "aggregateId": "c1",');
    expect(shown.out).toContain('npx prejoin dead-letters retry 1');
    const { rows } = await pool.query<{ body: Buffer }>('SELECT body FROM dead_letter');
    expect((await letters('show', '1', '--raw')).out).toBe(rows[0]?.body.toString());

    await pool.query(`UPDATE dead_letter SET reason = E'a\\u001b[2Jb', body = '\\x1b5b324a00ff7b'`);
    const hostile = await letters('show', '1');
    expect(hostile.out).toContain('a\\u001b[2Jb');
    expect(hostile.out).toContain('0000  1b 5b 32 4a 00 ff 7b');
    expect(hostile.out + (await letters('list')).out).not.toContain('\u001b');
  });

  it('retries some by id, tells those that are not there or refused again, and does no harm when repeated', async () => {
    await writeLetters(3);
    const first = await letters('retry', '1', '2', '99');
    expect(first).toMatchObject({ code: 1, err: expect.stringContaining('refused again and stay open') });
    expect(first.out).toContain('2 retried: 1 healed, 1 refused again, 0 documents queued.\n');
    expect(first.out).toMatch(/1 × .*'name' must be string/);
    expect(first.out).toContain('Not there: 99.');
    const second = await letters('retry', '2');
    expect(second).toMatchObject({ code: 0, out: expect.stringContaining('Healed already: 2.') });
  });

  it('says that documents are queued', async () => {
    const { rows } = await pool.query<{ index_name: string }>(
      `SELECT index_name FROM generation WHERE view = 'order-search'`,
    );
    await pool.query('DELETE FROM mark');
    await pool.query(
      `INSERT INTO dead_letter (fingerprint, kind, reason, view, root_id, index_name)
       VALUES ('d', 'document', 'refused', 'order-search', 'o1', $1)`,
      [rows[0]?.index_name],
    );
    const { code, out } = await letters('retry', '--view', 'order-search');
    expect(code).toBe(0);
    expect(out).toContain('1 documents queued.\nThe projector builds what is queued.');
    expect((await pool.query('SELECT view, root_id FROM mark')).rows).toEqual([
      { view: 'order-search', root_id: 'o1' },
    ]);
  });

  it('discards only what it is told to, and not without a terminal or --yes', async () => {
    await writeLetters(3);
    expect(await letters('discard', '--all')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/Give up 3 open dead letter\(s\)\?.*\n.*--yes/),
    });
    expect(await letters('discard', '1', '99', '--yes')).toMatchObject({
      code: 0,
      out: '1 discarded.\nNot there: 99.\n',
    });
    expect((await letters('discard', '1', '--yes')).out).toBe('0 discarded.\nDiscarded already: 1.\n');
    const { rows } = await pool.query('SELECT id::int FROM dead_letter WHERE discarded_at IS NOT NULL');
    expect(rows).toEqual([{ id: 1 }]);
  });
});

describe('prejoin dead-letters, with a hundred thousand of them', () => {
  const LETTERS = 40_000;
  /** What the process takes before it reads a letter is about 40 MB. */
  const tight = { NODE_OPTIONS: '--max-old-space-size=64' };

  it('lists, retries and discards them in little memory, and stops cleanly at SIGTERM', async () => {
    await writeLetters(LETTERS);
    const list = cli.start(['dead-letters', 'list', '--json', '--limit', `${LETTERS}`], tight);
    const listed = await list.ended;
    expect(listed.code).toBe(0);
    expect(listed.out.split('\n')).toHaveLength(LETTERS + 1);

    const retry = cli.start(['dead-letters', 'retry', '--source', 'product'], tight);
    await eventually(
      async () => {
        const { rows } = await pool.query<{ healed: number }>(
          'SELECT count(*)::int AS healed FROM dead_letter WHERE healed_at IS NOT NULL',
        );
        expect(rows[0]?.healed).toBeGreaterThan(5_000);
      },
      { timeoutMs: 30_000 },
    );
    retry.child.kill('SIGTERM');
    const stopped = await retry.ended;
    expect(stopped).toMatchObject({ code: 1, err: expect.stringContaining('Run the same command again') });
    const [, healed] = /retried: ([\d,]+) healed/.exec(stopped.out) ?? [];
    const { rows } = await pool.query<{ copies: number; healed: number }>(
      `SELECT (SELECT count(*)::int FROM copy_product) AS copies,
              (SELECT count(*)::int FROM dead_letter WHERE healed_at IS NOT NULL) AS healed`,
    );
    expect(rows[0]).toEqual({ copies: rows[0]?.healed, healed: Number(healed?.replaceAll(',', '')) });

    const discarded = await cli.start(['dead-letters', 'discard', '--all', '--yes'], tight).ended;
    expect(discarded).toMatchObject({ code: 0, out: expect.stringMatching(/^[\d,]+ discarded\.\n$/) });
  }, 120_000);

  it('ends quietly when whoever reads the list has enough', async () => {
    await writeLetters(5_000);
    const { child, ended } = cli.start(['dead-letters', 'list', '--json', '--limit', '5000']);
    if (child.stdout !== null) {
      await once(child.stdout, 'data');
      child.stdout.destroy();
    }
    expect(await ended).toMatchObject({ code: 0, err: expect.stringMatching(/^Target: .*\n$/) });
  });
});
