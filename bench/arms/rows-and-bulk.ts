import type { Pool } from 'pg';
import type { SearchIndex } from '#search';
import { sendRaw, type BulkShape } from './raw-bulk.js';

export interface LeastRebuild {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly elasticsearchUrl: string;
  readonly indexName: string;
  /** The ids of all orders, in their order. */
  readonly ids: readonly string[];
  /** The documents, ready to be sent. */
  readonly bodies: readonly string[];
  readonly shape: BulkShape;
}

const PAGE = 1_000;
const READERS = 2;

/**
 * What no rebuild can leave out that builds from rows and looks at what it has built: all rows are read while documents are
 * sent, and once more while the index tells the key and revision of each. Nothing is made of the rows and nothing is
 * compared, no row is written and nothing is kept: whoever joins, checks or can be killed in between does more than this.
 */
export async function rowsAndBulk(least: LeastRebuild): Promise<void> {
  const { index, elasticsearchUrl, indexName, bodies, shape } = least;
  await Promise.all([readAll(least), sendRaw(elasticsearchUrl, indexName, bodies, shape)]);
  await index.refresh(indexName);
  await Promise.all([readAll(least), readRevisions(least)]);
}

async function readAll({ pool, ids }: LeastRebuild): Promise<void> {
  const pages = Array.from({ length: Math.ceil(ids.length / PAGE) }, (_, at) =>
    ids.slice(at * PAGE, (at + 1) * PAGE),
  ).values();
  const reader = async (): Promise<void> => {
    for (const page of pages) await readPage(pool, page);
  };
  await Promise.all(Array.from({ length: READERS }, reader));
}

/** Neighbours and what refers to them by range, what they refer to each once, all at the same time. */
async function readPage(pool: Pool, page: readonly string[]): Promise<void> {
  const bounds = [page[0], page.at(-1)];
  const read = (from: string): Promise<unknown> => pool.query(`SELECT id, data FROM ${from}`, bounds);
  const referredTo = (table: string, key: string): string =>
    `${table} WHERE id = ANY(ARRAY(SELECT DISTINCT ${key} FROM copy_order WHERE id >= $1 AND id <= $2))`;
  await Promise.all([
    read('copy_order WHERE id >= $1 AND id <= $2'),
    read('copy_payment WHERE "key_orderId" >= $1 AND "key_orderId" <= $2'),
    read('copy_shipment WHERE "key_orderId" >= $1 AND "key_orderId" <= $2'),
    read(referredTo('copy_customer', '"key_customerId"')),
    read(referredTo('copy_product', 'unnest("key_lines.productId")')),
  ]);
}

async function readRevisions({ index, indexName, ids }: LeastRebuild): Promise<void> {
  let after: string | null = null;
  for (let seen = 0; seen < ids.length;) {
    const { documents } = await index.scanRevisions(indexName, { after, to: null }, null, 5 * PAGE);
    if (documents.length === 0) throw new Error(`The index has ${seen} documents of ${ids.length}.`);
    seen += documents.length;
    after = documents.at(-1)?.key ?? after;
  }
}
