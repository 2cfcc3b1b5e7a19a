import { systemClock } from '#kernel';
import { appendEncoded, defaultMaxEventBytes } from '../append.js';
import { encodeEvent, EventRefusedError, type EncodedEvent } from '../encode-event.js';
import type { Transaction } from '../transaction.js';
import { eventName, type CurrentAggregate, type PublishedSource } from './published-source.js';
import { claimRun, saveRun, type Run } from './run.js';

export interface PageLimits {
  /** The most aggregates of one page, which is as long as their rows are locked. */
  readonly rows: number;
  /** The most bytes of one page's events; a single larger one goes alone. */
  readonly bytes: number;
  /** No page is appended while the outbox holds more rows than this, so that ordinary events do not wait long. */
  readonly outboxRows: number;
}

/** What one turn did: `waiting` is for the outbox to empty. */
export type Turn =
  | { readonly kind: 'idle' }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'went on'; readonly run: Run; readonly appended: number };

/** Publishes one page of one run, in the caller's transaction: events and cursor commit together, so a crash loses none. */
export async function publishPage(
  tx: Transaction,
  sources: ReadonlyMap<string, PublishedSource>,
  limits: PageLimits,
): Promise<Turn> {
  const run = await claimRun(tx, [...sources.keys()]);
  const published = run && sources.get(run.source);
  if (run === undefined || published === undefined) return { kind: 'idle' };
  if (await outboxHoldsMoreThan(tx, limits.outboxRows)) return { kind: 'waiting' };

  const page = await published.lockPage(tx, run.cursor, limits.rows);
  if (page.length === 0) {
    // Only what the broker has confirmed is done: whoever waits for it looks at the broker's queue next.
    if (await holdsEventsOf(tx, run.source)) return { kind: 'waiting' };
    return { kind: 'went on', run: await saveRun(tx, { ...run, state: 'done' }), appended: 0 };
  }
  const appended = await appendPage(tx, published, page, limits.bytes);
  if (appended instanceof EventRefusedError) {
    const failed: Run = { ...run, state: 'failed', failure: appended.message };
    return { kind: 'went on', run: await saveRun(tx, failed), appended: 0 };
  }
  const moved: Run = {
    ...run,
    cursor: appended.at(-1)!.envelope.aggregateId,
    done: run.done + appended.length,
  };
  return { kind: 'went on', run: await saveRun(tx, moved), appended: appended.length };
}

/** An aggregate that can not be published is met before anything is written, so the transaction is still a good one. */
async function appendPage(
  tx: Transaction,
  published: PublishedSource,
  page: readonly CurrentAggregate[],
  maxBytes: number,
): Promise<readonly EncodedEvent[] | EventRefusedError> {
  try {
    return await appendEncoded(tx, published.contract.name, (epoch) =>
      encodeWithin(maxBytes, published, page, epoch),
    );
  } catch (error) {
    if (error instanceof EventRefusedError) return error;
    throw error;
  }
}

/** The events of the first aggregates, at least one, as far as they have no more than `maxBytes`. */
function encodeWithin(
  maxBytes: number,
  { contract }: PublishedSource,
  page: readonly CurrentAggregate[],
  epoch: number,
): readonly EncodedEvent[] {
  const name = eventName(contract.name, 'PublishedAgain');
  const occurredAt = systemClock.now().toISOString();
  const events: EncodedEvent[] = [];
  let bytes = 0;
  for (const { id, version, data } of page) {
    const event = encodeEvent(
      contract,
      { name, aggregateId: id, epoch, version, deleted: data === null, occurredAt, traceparent: null, data },
      defaultMaxEventBytes,
    );
    bytes += event.body.length;
    if (events.length > 0 && bytes > maxBytes) break;
    events.push(event);
  }
  return events;
}

async function outboxHoldsMoreThan(tx: Transaction, rows: number): Promise<boolean> {
  // Counts no further than it has to.
  const found: { held: number }[] = await tx.query(
    'SELECT count(*)::int AS held FROM (SELECT FROM outbox LIMIT $1) AS first_rows',
    [rows + 1],
  );
  return found[0]!.held > rows;
}

async function holdsEventsOf(tx: Transaction, source: string): Promise<boolean> {
  const found: { held: boolean }[] = await tx.query(
    'SELECT EXISTS (SELECT FROM outbox WHERE source = $1 AND name = $2) AS held',
    [source, eventName(source, 'PublishedAgain')],
  );
  return found[0]!.held;
}
