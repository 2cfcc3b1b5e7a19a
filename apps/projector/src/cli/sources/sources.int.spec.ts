import { describe, expect, it } from '@jest/globals';
import { pauseRelay, resumeRelay } from '#outbox';
import { verifySource, type ServiceSide, type VerifiedSource } from '#projection';
import { eventually } from '#testing';
import { ServiceSilentError } from '../resync/errors.js';
import { mendCopies, type Mended } from './mend.js';
import { serviceSide } from './service-side.js';
import { useWarehouse } from './testing/warehouse.js';

const shop = useWarehouse();

interface Choice {
  readonly contents?: boolean;
  readonly settleMs?: number;
  readonly service?: ServiceSide;
}

function verify({ contents = false, settleMs = 30_000, service }: Choice = {}): Promise<VerifiedSource> {
  return verifySource({
    pool: shop.projection,
    source: 'product',
    service: service ?? serviceSide(shop.asked(), shop.space.busPrefix, contents),
    contents,
    signal: new AbortController().signal,
    settleMs,
    graceMs: 500,
  });
}

const found = ({ differences }: VerifiedSource) =>
  Object.fromEntries(differences.map(({ id, kind }) => [id, kind]));

function mend(ids: readonly string[], patienceMs = 20_000): Promise<Mended> {
  const asked = shop.asked();
  return mendCopies(ids, {
    pool: shop.projection,
    asked,
    service: serviceSide(asked, shop.space.busPrefix, true),
    patienceMs,
    onProgress: () => undefined,
  });
}

/** Ids that sort otherwise by locale and by UTF-16 than by byte, and the first and last of all. */
const odd = ['!', 'sku-1', 'SKU-', 'é', '\uffee', '😀'];

/** One of every kind, at borders too, and returns which is which. */
async function plant(): Promise<Readonly<Record<string, string>>> {
  await shop.projection.query(`
    DELETE FROM copy_product WHERE id IN ('!', 'SKU-000187', '😀');
    UPDATE copy_product SET version = 1 WHERE id IN ('SKU-000188', 'sku-1');
    UPDATE copy_product SET version = 9 WHERE id = 'SKU-001500';
    UPDATE copy_product SET epoch = 1, version = 1 WHERE id = 'SKU-001501';
    INSERT INTO copy_product (id, epoch, version, deleted, occurred_at, event_id, data)
      SELECT id, 0, 4, false, now(), 'extra', json_build_object(
        'id', id, 'sku', id, 'name', 'Nobody', 'price', 1, 'discontinued', false)
      FROM unnest(ARRAY[' ', 'SKU-002999x', '😁']) AS id`);
  await shop.service.query(`UPDATE article SET gone = true, version = 3 WHERE id = 'SKU-003000'`);
  return {
    '!': 'missing',
    'SKU-000187': 'missing',
    '😀': 'missing',
    'SKU-000188': 'stale',
    'sku-1': 'stale',
    'SKU-001500': 'ahead',
    'SKU-001501': 'ahead',
    ' ': 'extra',
    'SKU-002999x': 'extra',
    '😁': 'extra',
    'SKU-003000': 'stale',
  };
}

describe('copies are compared with their service', () => {
  it('and are equal whatever order and type their ids have, tombstones and rows of deleted ones included', async () => {
    await shop.fill(3_000, odd);
    await shop.service.query(`
      UPDATE article SET gone = true, version = 3 WHERE id = 'SKU-000001';
      DELETE FROM article WHERE id = 'SKU-000002'`);
    await shop.projection.query(`
      UPDATE copy_product SET deleted = true, data = NULL, version = 3 WHERE id IN ('SKU-000001', 'SKU-000002')`);
    for (const contents of [false, true]) {
      const verified = await verify({ contents });
      expect(verified).toMatchObject({ verdict: 'equal', aggregates: 3_004, copies: 3_004, differences: [] });
    }
  });

  it('and exactly what differs is found, of every kind, listing only ranges that differ', async () => {
    await shop.fill(3_000, odd);
    const planted = await plant();
    const side = serviceSide(shop.asked(), shop.space.busPrefix, false);
    let listed = 0;
    const counting: ServiceSide = {
      ...side,
      list: async (range, limit) => {
        const answer = await side.list(range, limit);
        listed += answer.aggregates.length;
        return answer;
      },
    };
    const verified = await verify({ service: counting });
    expect(found(verified)).toEqual(planted);
    expect(verified).toMatchObject({
      verdict: 'different',
      counts: { missing: 3, stale: 3, ahead: 2, extra: 3, different: 0 },
    });
    expect(listed).toBeGreaterThan(0);
    expect(listed).toBeLessThan(1_500);
  });

  it('and another state of the same version is found when contents are compared, and only then', async () => {
    await shop.fill(1_500, odd);
    await shop.projection.query(`
      UPDATE copy_product SET data = '{"id":"é","sku":"é","name":"Anna","price":100,"discontinued":false}' WHERE id = 'é';
      UPDATE copy_product SET deleted = true, data = NULL WHERE id = 'SKU-000700'`);
    expect(found(await verify())).toEqual({ 'SKU-000700': 'different' });
    expect(found(await verify({ contents: true }))).toEqual({ 'SKU-000700': 'different', é: 'different' });
  });

  it('and the copies of a lost table are all missing, though nothing is there to cut ranges at', async () => {
    await shop.fill(1_200, odd);
    await shop.projection.query('DELETE FROM copy_product');
    const { verdict, counts } = await verify();
    expect([verdict, counts.missing]).toEqual(['different', 1_206]);
  });

  it('and an erased copy is as it should be', async () => {
    const id = `erased ${shop.space.busPrefix}`;
    await shop.fill(10, [id]);
    await shop.projection.query(
      'UPDATE copy_product SET erased_at = now(), deleted = true, data = NULL WHERE id = $1',
      [id],
    );
    expect(await verify()).toMatchObject({ verdict: 'equal', copies: 10, aggregates: 11 });
    expect(await mend([id])).toEqual({ mended: 1, left: [] });
  });

  it('and a service that does not answer is told as such', async () => {
    await shop.stop();
    const service = serviceSide(shop.asked(1_500), shop.space.busPrefix, false);
    try {
      await expect(verify({ service })).rejects.toBeInstanceOf(ServiceSilentError);
    } finally {
      shop.start();
    }
  });
});

describe('events that are on their way', () => {
  it('give no alarm while commands go on, whatever they do', async () => {
    await shop.fill(400);
    const stop = new AbortController();
    const idOf = (n: number): string => `SKU-${`${(n % 450) + 1}`.padStart(6, '0')}`;
    let n = 0;
    const writing = (async () => {
      while (!stop.signal.aborted) {
        n += 7;
        if (n % 5 === 0) await shop.remove(idOf(n));
        else await shop.write(idOf(n), `Name ${n}`);
      }
    })();
    try {
      for (const contents of [false, true, false])
        expect(await verify({ contents })).toMatchObject({
          verdict: 'equal',
          differences: [],
          unsettled: [],
        });
    } finally {
      stop.abort();
      await writing;
    }
    expect(n).toBeGreaterThan(70);
    // What was written last must not arrive in the test after this.
    await eventually(async () => {
      const { rows } = await shop.service.query('SELECT FROM outbox LIMIT 1');
      expect(rows).toEqual([]);
    });
    expect(await verify({ contents: true })).toMatchObject({ verdict: 'equal' });
  });

  it('are waited for, and what did not come in time is neither equal nor different', async () => {
    await shop.fill(50);
    await pauseRelay(shop.service, 'test');
    await shop.write('SKU-000007', 'Seven');
    await shop.write('SKU-000051', 'New');
    const held = await verify({ settleMs: 1_000 });
    expect(held).toMatchObject({ verdict: 'unknown', differences: [] });
    expect([...held.unsettled].sort()).toEqual(['SKU-000007', 'SKU-000051']);
    const waiting = verify();
    await resumeRelay(shop.service);
    expect(await waiting).toMatchObject({ verdict: 'equal', unsettled: [] });
  });

  it('and were given up by the relay are told with the difference', async () => {
    await shop.fill(5);
    await pauseRelay(shop.service, 'test');
    await shop.write('SKU-000003', 'Three');
    await shop.service.query(`
      WITH dead AS (DELETE FROM outbox RETURNING *)
      INSERT INTO outbox_dead_letter (seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body,
        attempts, reason, suspect, created_at)
      SELECT seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, 3, 'no', false, created_at
      FROM dead`);
    await resumeRelay(shop.service);
    expect((await verify()).differences).toMatchObject([
      { id: 'SKU-000003', kind: 'stale', version: 3, copy: { version: 2 }, deadLettered: true },
    ]);
  });
});

describe('mending copies by their service', () => {
  it('mends each kind of difference and touches nothing else; a copy that is ahead is left', async () => {
    await shop.fill(3_000, odd);
    const planted = await plant();
    await shop.projection.query(`
      UPDATE copy_product SET data = '{"id":"é","sku":"é","name":"Anna","price":100,"discontinued":false}' WHERE id = 'é';
      UPDATE copy_product SET deleted = true, data = NULL WHERE id = 'SKU-000700'`);
    const ids = [...Object.keys(planted), 'é', 'SKU-000700'];
    const before = await states();

    const mended = await mend(ids);
    expect(mended.mended).toBe(ids.length - 2);
    expect(mended.left.map(({ id }) => id).sort()).toEqual(['SKU-001500', 'SKU-001501']);

    const after = await states();
    const touched = [...after].filter(([id, xmin]) => before.get(id) !== xmin).map(([id]) => id);
    expect(touched.sort()).toEqual(ids.filter((id) => planted[id] !== 'ahead').sort());
    expect(found(await verify({ contents: true }))).toEqual({ 'SKU-001500': 'ahead', 'SKU-001501': 'ahead' });
  });

  it('leaves a copy stale, and no worse, when the service does not publish', async () => {
    await shop.fill(5);
    await shop.projection.query(
      `UPDATE copy_product SET data = '{"id":"SKU-000001","name":"Wrong"}' WHERE id = 'SKU-000001'`,
    );
    await pauseRelay(shop.service, 'test');
    const { mended, left } = await mend(['SKU-000001'], 500);
    expect([mended, left.map(({ id }) => id)]).toEqual([0, ['SKU-000001']]);
    expect((await verify({ settleMs: 100 })).unsettled).toEqual(['SKU-000001']);
    await resumeRelay(shop.service);
    await eventually(async () =>
      expect(await verify({ contents: true })).toMatchObject({ verdict: 'equal' }),
    );
  });

  async function states(): Promise<ReadonlyMap<string, string>> {
    const { rows } = await shop.projection.query<{ id: string; xmin: string }>(
      'SELECT id, xmin::text FROM copy_product WHERE erased_at IS NULL',
    );
    return new Map(rows.map(({ id, xmin }) => [id, xmin]));
  }
});
