import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededId, seedOrders } from '#projection/testing';
import { createTestSpace, type TestSpace } from '#testing';
import { cliOf, type Cli, type Ended } from './testing/run-cli.js';

let space: TestSpace;
let cli: Cli;
let folder: string;

const prejoin = (...args: readonly string[]): Promise<Ended> => cli.run(...args);

/** Writes past the projection, as somebody with a console would. */
async function tamper(method: 'PUT' | 'DELETE', id: string, body?: object): Promise<void> {
  const url = `${space.elasticsearchUrl}/${space.indexPrefix}order-search/_doc/${id}`;
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

async function document(id: string): Promise<Record<string, unknown>> {
  const url = `${space.elasticsearchUrl}/${space.indexPrefix}order-search/_source/${id}`;
  return (await (await fetch(url)).json()) as Record<string, unknown>;
}

beforeAll(async () => {
  space = await createTestSpace({ databases: ['projection'], elasticsearch: true });
  cli = cliOf(space);
  folder = mkdtempSync(join(tmpdir(), 'verify-'));
  expect(await cli.migrate()).toMatchObject({ code: 0, err: '' });
  await seedOrders(space.pool('projection'), { orders: 300, products: 20 });
  // No projector runs: a rebuild builds what the marks are for.
  expect(await prejoin('rebuild', 'order-search')).toMatchObject({ code: 0 });
  await space.pool('projection').query('DELETE FROM mark; DELETE FROM fan_out; DELETE FROM fan_out_job');
}, 180_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await space.dispose();
});

describe('prejoin verify and repair', () => {
  it('say 0 and equal where nothing differs, and repair then writes nothing', async () => {
    const { code, out } = await prejoin('verify', 'order-search');
    expect([code, out]).toEqual([0, expect.stringContaining('equal to the copies; 300 roots')]);
    const repaired = await prejoin('repair', 'order-search');
    expect([repaired.code, repaired.out]).toEqual([0, expect.stringContaining('nothing was written')]);
    expect(await prejoin('repair', 'order-search', '--dry-run')).toMatchObject({
      code: 0,
      out: 'Nothing differs, so nothing would be written.\n',
    });
  }, 180_000);

  it('say 1 and what differs, show it field by field, and mend it from the report', async () => {
    const before = await document(seededId('order', 5));
    await tamper('DELETE', seededId('order', 9));
    await tamper('PUT', 'ghost', { id: 'ghost', total: 1 });
    const version = /"_version":(\d+)/.exec(
      await (
        await fetch(`${space.elasticsearchUrl}/${space.indexPrefix}order-search/_doc/${seededId('order', 5)}`)
      ).text(),
    )?.[1];
    await fetch(
      `${space.elasticsearchUrl}/${space.indexPrefix}order-search/_doc/${seededId('order', 5)}?version=${version}&version_type=external_gte`,
      {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...before, total: -5 }),
      },
    );

    const shown = await prejoin('verify', 'order-search');
    expect(shown.code).toBe(1);
    expect(shown.out).toMatch(/different: 1 missing, 1 extra, 1 different; 300 roots/);
    expect(shown.out).toMatch(/^ghost +extra/m);
    expect(shown.out).toMatch(/npx prejoin repair order-search$/m);

    const report = await prejoin('verify', 'order-search', '--json');
    expect(report.code).toBe(1);
    const path = join(folder, 'report.json');
    writeFileSync(path, report.out);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      report: 'prejoin verify',
      verdict: 'different',
      views: [{ view: 'order-search', state: 'live', counts: { missing: 1, extra: 1, different: 1 } }],
    });

    const dry = await prejoin('repair', 'order-search', '--dry-run', '--report', path);
    expect(dry.code).toBe(0);
    expect(dry.out).toContain(`  total: -5 -> ${String(before['total'])}`);
    expect(dry.out).toContain('ghost is extra');
    const one = await prejoin('repair', 'order-search', '--dry-run', '--limit', '1');
    expect(one.out).toContain('… and 2 more documents');
    expect(await document(seededId('order', 5))).toMatchObject({ total: -5 });

    const repaired = await prejoin('repair', 'order-search', '--report', path, '--json');
    expect(repaired.code).toBe(0);
    expect(JSON.parse(repaired.out)).toMatchObject({
      report: 'prejoin repair',
      repaired: expect.arrayContaining([expect.objectContaining({ id: 'ghost', kind: 'extra' })]),
      left: [],
    });
    expect(await document(seededId('order', 5))).toEqual(before);
    expect(await prejoin('verify', 'order-search')).toMatchObject({ code: 0 });
    const audit = await prejoin('audit', '--json');
    expect(JSON.parse(audit.out)).toContainEqual(
      expect.objectContaining({ command: 'repair', subject: 'order-search', outcome: 'done' }),
    );
  }, 180_000);

  it('say 2 for a report about another generation, or that is none, and for what there is not', async () => {
    const path = join(folder, 'other.json');
    writeFileSync(path, (await prejoin('verify', 'order-search', '--json')).out);
    expect(await prejoin('rebuild', 'order-search', '--keep-hours', '0')).toMatchObject({ code: 0 });
    const other = await prejoin('repair', 'order-search', '--report', path);
    expect([other.code, other.err]).toEqual([
      2,
      expect.stringMatching(/is about generation 2 .* generation\s+3/),
    ]);
    writeFileSync(path, '{"report":"prejoin verify","format":1,"views":[{"view":"order-search"}]}');
    expect(await prejoin('repair', 'order-search', '--report', path)).toMatchObject({
      code: 2,
      err: expect.stringContaining('is no report'),
    });
    expect(await prejoin('verify', 'order-saerch')).toMatchObject({ code: 2 });
    const unknown = await prejoin('verify', 'order-search', '--generation', '99');
    expect([unknown.code, unknown.out]).toEqual([2, expect.stringContaining('has no generation 99')]);
  }, 180_000);

  it('say 2 and what could not be seen when a server is away, in JSON too, and never a stack', async () => {
    const index = await cli.start(['verify', 'order-search', '--json'], {
      ELASTICSEARCH_URL: 'http://127.0.0.1:1',
    }).ended;
    expect(index.code).toBe(2);
    expect(JSON.parse(index.out)).toMatchObject({
      verdict: 'unknown',
      views: [{ view: 'order-search', verdict: 'unseen', problem: expect.any(String) }],
    });
    const database = { PROJECTION_DATABASE_URL: 'postgres://x@127.0.0.1:1/x' };
    for (const args of [['verify'], ['verify', 'order-search'], ['repair', 'order-search']]) {
      const ended = await cli.start(args, database).ended;
      expect([args, ended.code]).toEqual([args, 2]);
      expect(ended.err + ended.out).not.toMatch(/^\s+at /m);
    }
  }, 180_000);

  it('look at all views when none is named, and at a sample when told', async () => {
    const all = await prejoin('verify', '--json', '--wait', '1');
    const { views } = JSON.parse(all.out) as { views: readonly { view: string }[] };
    expect(views.map(({ view }) => view)).toEqual(
      ['customer-overview', 'order-search', 'product-demand', 'shipment-tracking'].filter((view) =>
        views.some((one) => one.view === view),
      ),
    );
    expect(views.length).toBeGreaterThan(2);
    const sample = await prejoin('verify', 'order-search', '--sample', '40');
    expect([sample.code, sample.out]).toEqual([0, expect.stringContaining('a sample of')]);
  }, 180_000);
});
