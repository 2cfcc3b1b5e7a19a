import { sleep } from '#kernel';
import type { SearchIndex, WriteOperation } from '#search';
import { orderDocument, type OrderDocument } from './orders.js';

/** One write, in the order in which they were sent; `document` is null for a deletion. */
export interface Written {
  readonly id: string;
  readonly document: OrderDocument | null;
}

export interface BusyWriter {
  /** Every write that was sent so far. An order's `discount` is its own place in this list. */
  readonly written: readonly Written[];
  /** How many of them every search finds by now; those behind may be found or not. */
  readonly visible: number;
  /** Ends with the bulk that is under way. @throws what a write was refused by */
  stop(): Promise<{ readonly writes: number; readonly perSecond: number }>;
}

export interface BusyWriterOptions {
  readonly search: SearchIndex;
  readonly index: string;
  /** The documents that it changes, deletes and brings back: those that are there, and those that are not yet. */
  readonly present: readonly string[];
  readonly absent: readonly string[];
  readonly perSecond: number;
  readonly random: () => number;
}

/** Writes of one bulk. */
const BULK = 200;
/** How often they are made visible: a walk meets several states, and the server has time for more than that. */
const REFRESH_MS = 300;

/** Writes, moves and deletes orders at a pace, one bulk after the other, until it is stopped. */
export function startBusyWriter(options: BusyWriterOptions): BusyWriter {
  const { search, index, perSecond, random } = options;
  const ids = [...options.present, ...options.absent];
  const isThere = new Set(options.present);
  const written: Written[] = [];
  const stopping = new AbortController();
  let visible = 0;
  const begunAt = performance.now();
  const change = (): WriteOperation => {
    const id = ids[Math.floor(random() * ids.length)] ?? '';
    const isDeleted = isThere.has(id) && random() < 0.3;
    const document = isDeleted ? null : randomOrder(id, written.length, random);
    written.push({ id, document });
    const at = { index, id, revision: 100 + written.length };
    if (document === null) isThere.delete(id);
    else isThere.add(id);
    return document === null
      ? { kind: 'delete', ...at }
      : { kind: 'index', ...at, body: JSON.stringify(document) };
  };
  const writing = (async () => {
    for (let refreshedAt = begunAt; !stopping.signal.aborted;) {
      const outcomes = await search.write(Array.from({ length: BULK }, change), 20_000);
      const failed = outcomes.find(({ kind }) => kind !== 'done');
      if (failed !== undefined) throw new Error(`A write was not done: ${JSON.stringify(failed)}`);
      if (performance.now() - refreshedAt > REFRESH_MS) {
        await search.refresh(index);
        visible = written.length;
        refreshedAt = performance.now();
      }
      const dueAt = begunAt + (written.length / perSecond) * 1_000;
      await sleep(Math.max(0, dueAt - performance.now()), stopping.signal);
    }
    return { writes: written.length, perSecond: written.length / ((performance.now() - begunAt) / 1_000) };
  })();
  // eslint-disable-next-line prejoin/no-dropped-error -- stop() rejects with it; until then nobody listens.
  writing.catch(() => undefined);
  return {
    written,
    get visible() {
      return visible;
    },
    stop: () => {
      stopping.abort();
      return writing;
    },
  };
}

/** An order of few values, so that every sort has many ties and some documents without a value. */
export function randomOrder(id: string, discount: number, random: () => number): OrderDocument {
  const upTo = (most: number): number => Math.floor(random() * most);
  return orderDocument(id, {
    total: upTo(50),
    discount,
    placedAt: new Date(Date.UTC(2026, upTo(12), 1 + upTo(28))).toISOString(),
    customer:
      random() < 0.1
        ? null
        : {
            id: 'c',
            name: `Name ${upTo(20)}`,
            email: 'c@shop.example',
            tier: 'gold',
            city: 'York',
            country: 'GB',
          },
    lines: Array.from({ length: upTo(4) }, () => ({
      quantity: 1 + upTo(9),
      unitPrice: 100,
      product: { id: 'p', sku: `S${upTo(9)}`, name: 'Blue lamp' },
    })),
    payment: random() < 0.5 ? null : { status: 'due', paidAt: null },
  });
}
