import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { createTestSpace, type TestSpace } from '#testing';
import type { SourceDescription, ValueColumn } from '#views';
import { ensureCopyTables } from './copy-table.js';

const column = (name: string, more: Partial<ValueColumn> = {}): ValueColumn => ({
  name,
  kind: 'id',
  array: false,
  nullable: false,
  ...more,
});
const to = (source: string, by = 'id'): Pick<ValueColumn, 'ref'> => ({
  ref: { source, column: by, unique: false },
});

const product: SourceDescription = {
  name: 'product',
  owner: null,
  columns: [column('id'), column('sku', { kind: 'string' })],
};
const plain: SourceDescription = {
  name: 'basket',
  owner: null,
  columns: [column('id'), column('customerId')],
};
const basket: SourceDescription = {
  name: 'basket',
  owner: null,
  columns: [
    column('id'),
    column('customerId', { ...to('customer'), was: 'buyer' }),
    column('shopId', { ...to('shop'), default: 's0' }),
    column('tagIds', { ...to('tag'), array: true }),
    {
      name: 'lines',
      kind: 'list',
      columns: [column('sku', to('product', 'sku')), column('giftIds', { ...to('gift'), array: true })],
    },
  ],
};

describe('the tables of copies', () => {
  let space: TestSpace;
  let pool: pg.Pool;
  beforeAll(async () => {
    space = await createTestSpace({ databases: ['projection'] });
    pool = space.pool('projection');
    await ensureCopyTables(pool, [plain, product]);
    await insert('basket', 'old', { customerId: 'c1', lines: [{ sku: 'a' }, { sku: 'b' }, { sku: 'a' }] });
    await Promise.all([1, 2, 3].map(() => ensureCopyTables(pool, [basket, product])));
  });
  afterAll(() => space.dispose());

  const insert = (source: string, id: string, data: unknown): Promise<unknown> =>
    pool.query(
      `INSERT INTO copy_${source} (id, epoch, version, deleted, occurred_at, event_id, data) VALUES ($1, 0, 1, $2, now(), 'e', $3)`,
      [id, data === null, data === null ? null : JSON.stringify(data)],
    );
  const keys = async (id: string): Promise<unknown> => {
    const { rows } = await pool.query<Record<string, unknown>>(
      `SELECT "key_customerId" AS customer, "key_shopId" AS shop, "key_tagIds" AS tags, "key_lines.sku" AS skus,
              "key_lines.giftIds" AS gifts
       FROM copy_basket WHERE id = $1`,
      [id],
    );
    return rows[0];
  };

  it('derive a key that a source gained from the data that is already there', async () => {
    expect(await keys('old')).toEqual({ customer: 'c1', shop: 's0', tags: [], skus: ['a', 'b'], gifts: [] });
  });

  it('find keys in arrays and lists, under former names, and nothing where nothing is', async () => {
    await insert('basket', 'full', {
      buyer: 'c2',
      shopId: 's1',
      tagIds: ['t2', 't1', null],
      lines: [{ sku: 'x', giftIds: ['g1', 'g2'] }, { sku: null, giftIds: [] }, 'no item'],
    });
    expect(await keys('full')).toEqual({
      customer: 'c2',
      shop: 's1',
      tags: ['t1', 't2'],
      skus: ['x'],
      gifts: ['g1', 'g2'],
    });
    await insert('basket', 'odd', {
      customerId: null,
      buyer: 'c3',
      shopId: null,
      tagIds: 'no array',
      lines: null,
    });
    expect(await keys('odd')).toEqual({ customer: null, shop: null, tags: [], skus: [], gifts: [] });
    await insert('basket', 'gone', null);
    expect(await keys('gone')).toEqual({ customer: null, shop: null, tags: [], skus: [], gifts: [] });
  });

  it('hold the keys of a list once each in the order of their bytes, and spell what is no text as it came', async () => {
    const skus = async (id: string, ...texts: readonly string[]): Promise<unknown> => {
      const data = `{"lines":[${texts.map((text) => `{"sku":${text}}`).join(',')}]}`;
      await pool.query(
        `INSERT INTO copy_basket (id, epoch, version, deleted, occurred_at, event_id, data) VALUES ($1, 0, 1, false, now(), 'e', $2)`,
        [id, data],
      );
      return (await pool.query('SELECT "key_lines.sku" AS skus FROM copy_basket WHERE id = $1', [id]))
        .rows[0];
    };
    expect(await skus('ordered', '"B"', '"a"', '"é"')).toEqual({ skus: ['B', 'a', 'é'] });
    expect(await skus('twice', '"a"', '"a"', 'null', '"b"')).toEqual({ skus: ['a', 'b'] });
    expect(await skus('shuffled', '"é"', '"B"', '"a"', '"B"')).toEqual({ skus: ['B', 'a', 'é'] });
    expect(await skus('numbers', '"b"', '1e2', '"a"')).toEqual({ skus: ['1e2', 'a', 'b'] });
  });

  it('keep the column that another source refers to by as a key', async () => {
    await insert('product', 'p1', { sku: 'x' });
    const { rows } = await pool.query('SELECT id FROM copy_product WHERE key_sku = $1', ['x']);
    expect(rows).toEqual([{ id: 'p1' }]);
  });

  it('keep the state as the text that was published', async () => {
    const text = '{"b":1.0,  "a":"\\u00e9"}';
    await pool.query(
      `INSERT INTO copy_product (id, epoch, version, deleted, occurred_at, event_id, data) VALUES ('text', 0, 1, false, now(), 'e', $1)`,
      [text],
    );
    const { rows } = await pool.query<{ data: string }>(
      `SELECT data::text FROM copy_product WHERE id = 'text'`,
    );
    expect(rows[0]?.data).toBe(text);
  });

  it('refuse ids that no document can have', async () => {
    await expect(insert('product', '_x', {})).rejects.toMatchObject({ code: '23514' });
    await expect(insert('product', 'é'.repeat(65), {})).rejects.toMatchObject({ code: '23514' });
    await expect(insert('product', '', {})).rejects.toMatchObject({ code: '23514' });
    await insert('product', 'é'.repeat(64), {});
  });

  it('refuse TRUNCATE and a new id, which could not be marked', async () => {
    await expect(pool.query('TRUNCATE copy_basket')).rejects.toThrow(/TRUNCATE on copy_basket is refused/);
    await expect(pool.query(`UPDATE copy_basket SET id = 'new' WHERE id = 'old'`)).rejects.toThrow(
      /an id never changes/,
    );
  });

  it('are left alone by a start that finds them as they should be', async () => {
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      await writer.query(`UPDATE copy_basket SET version = version WHERE id = 'old'`);
      // It would wait for this writer if it locked anything.
      await ensureCopyTables(pool, [basket, product]);
    } finally {
      await writer.query('ROLLBACK');
      writer.release();
    }
  });

  it('say so when a forgotten transaction holds one that is to get a key, and hold up nobody for long', async () => {
    const gained: SourceDescription = {
      ...basket,
      columns: [...basket.columns, column('giftId', to('gift'))],
    };
    const writer = await pool.connect();
    try {
      await writer.query('BEGIN');
      await writer.query('LOCK TABLE copy_basket IN ROW EXCLUSIVE MODE');
      const refused = ensureCopyTables(pool, [gained, product], { lockTimeoutMs: 50, deadlineMs: 0 });
      await expect(refused).rejects.toMatchObject({ code: 'columns_blocked' });
    } finally {
      await writer.query('ROLLBACK');
      writer.release();
    }
  });
});
