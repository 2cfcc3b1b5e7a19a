import type { Pool } from 'pg';
import type { IdRange } from '#messaging';
import { copyTable } from '../schema/names.js';
import { cutPlaces, countRoots, rangesBetween } from '../copies/root-ranges.js';
import { copiesOf, listCopies, sumCopies, type ComparedCopy } from './copies-side.js';
import { judge, type Look } from './judge.js';
import type { ListedVersions, ServiceSide } from './service-side.js';

export interface Comparison {
  readonly pool: Pool;
  readonly source: string;
  readonly service: ServiceSide;
  readonly contents: boolean;
  readonly signal: AbortSignal;
  /** Called with an id whose sides differ, and what was seen of it. */
  readonly onSuspect: (id: string, look: Look) => void;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Compared {
  readonly epoch: number;
  /** What each side has, without what is deleted, as far as it was counted. */
  readonly aggregates: number;
  readonly copies: number;
  /** Ranges that were compared, at all depths. */
  readonly ranges: number;
}

/** The copies of one range at the top, so that the service sums it soon; contents it has to read. */
const rangeCopies = { versions: 20_000, contents: 1_000 } as const;
const mostRanges = 10_000;
/** A range that differs is cut in so many, until it is listed id by id. */
const parts = 16;
const listedCopies = 300;

/** Compares all copies of a source with its service, range by range, and lists the ids of those that differ alone. */
export async function compareSource(comparison: Comparison): Promise<Compared> {
  const { pool, source, contents, service, signal, onProgress } = comparison;
  const size = contents ? rangeCopies.contents : rangeCopies.versions;
  const counted = await countRoots(pool, source, (count) => cutPlaces(count, size, mostRanges));
  const ranges = rangesBetween(counted.ids);
  // Few at once: each answer is the work of one request.
  const together = Math.min(service.limits.ranges, 4);
  const totals = { epoch: 0, aggregates: 0, copies: 0, ranges: 0 };
  for (let at = 0; at < ranges.length; at += together) {
    signal.throwIfAborted();
    const seen = await compareRanges(comparison, ranges.slice(at, at + together));
    totals.epoch = seen.epoch;
    totals.aggregates += seen.aggregates;
    totals.copies += seen.copies;
    totals.ranges += seen.ranges;
    onProgress(Math.min(ranges.length, at + together), ranges.length);
  }
  return totals;
}

async function compareRanges(comparison: Comparison, ranges: readonly IdRange[]): Promise<Compared> {
  const { pool, source, service, contents } = comparison;
  const there = await service.checksums(ranges);
  let [aggregates, copies, compared] = [0, 0, ranges.length];
  for (const [at, range] of ranges.entries()) {
    const here = await sumCopies(pool, source, range, contents);
    const found = there.ranges[at] ?? { count: 0, checksum: null };
    copies += here.count;
    aggregates += found.count;
    if (found.checksum !== null && found.checksum === here.checksum && found.count === here.count) continue;
    compared += await lookInto(comparison, range, here.count, found.count);
  }
  return { epoch: there.epoch, aggregates, copies, ranges: compared };
}

/** Cuts a range that differs at its copies while it has many; one that only the service has much of is listed. */
async function lookInto(
  comparison: Comparison,
  range: IdRange,
  copies: number,
  aggregates: number,
): Promise<number> {
  comparison.signal.throwIfAborted();
  if (copies <= listedCopies || copies * 2 < aggregates) return walk(comparison, range);
  const cuts = await cutsWithin(comparison, range, copies);
  const ranges = rangesBetween(cuts).map(({ after, to }) => ({
    after: after ?? range.after,
    to: to ?? range.to,
  }));
  if (ranges.length < 2) return walk(comparison, range);
  const { ranges: compared } = await compareRanges(comparison, ranges);
  return compared;
}

async function cutsWithin(
  { pool, source }: Comparison,
  range: IdRange,
  copies: number,
): Promise<readonly string[]> {
  const every = Math.max(1, Math.floor(copies / parts));
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM (
       SELECT id, row_number() OVER (ORDER BY id) AS place FROM ${copyTable(source)}
       WHERE NOT deleted AND ($1::text IS NULL OR id > $1) AND ($2::text IS NULL OR id <= $2)
     ) AS copy
     WHERE place % $3 = 0 ORDER BY id LIMIT $4`,
    [range.after, range.to, every, parts - 1],
  );
  return rows.map(({ id }) => id);
}

/** Lists both sides of a range and compares id by id, a page of each in memory. */
async function walk(comparison: Comparison, range: IdRange): Promise<number> {
  const { pool, source, service, contents, signal, onSuspect } = comparison;
  const limit = service.limits.ids;
  for (let rest = range; ;) {
    signal.throwIfAborted();
    // The service is asked first: see judge.ts.
    const there = await service.list(rest, limit);
    const here = await listCopies(pool, source, rest, limit, contents);
    const to = earlier(
      there.aggregates.length < limit ? null : (there.aggregates.at(-1)?.id ?? null),
      here.length < limit ? null : (here.at(-1)?.id ?? null),
    );
    for (const [id, look] of pairs(there, here)) {
      if (to !== null && isAbove(id, to)) continue;
      if (judge(look) !== null) onSuspect(id, look);
    }
    if (to === null) return 1;
    rest = { after: to, to: rest.to };
  }
}

/** Both sides of every id that either has. */
function pairs(
  { epoch, aggregates }: ListedVersions,
  copies: readonly ComparedCopy[],
): ReadonlyMap<string, Look> {
  const byId = new Map(aggregates.map((aggregate) => [aggregate.id, aggregate]));
  const copyById = new Map(copies.map((copy) => [copy.id, copy]));
  return new Map(
    [...new Set([...byId.keys(), ...copyById.keys()])].map((id) => [
      id,
      { epoch, aggregate: byId.get(id), copy: copyById.get(id) },
    ]),
  );
}

/** What both sides say of these ids now, and which have events on their way. */
export async function lookAt(
  { pool, source, service, contents }: Pick<Comparison, 'pool' | 'source' | 'service' | 'contents'>,
  ids: readonly string[],
): Promise<{
  readonly looks: ReadonlyMap<string, Look>;
  readonly waiting: ReadonlySet<string>;
  readonly deadLettered: ReadonlySet<string>;
}> {
  const looks = new Map<string, Look>();
  const waiting = new Set<string>();
  const deadLettered = new Set<string>();
  for (let at = 0; at < ids.length; at += service.limits.ids) {
    const some = ids.slice(at, at + service.limits.ids);
    const there = await service.of(some);
    const byId = new Map(there.aggregates.map((aggregate) => [aggregate.id, aggregate]));
    const copies = await copiesOf(pool, source, some, contents);
    for (const id of some)
      looks.set(id, { epoch: there.epoch, aggregate: byId.get(id), copy: copies.get(id) });
    for (const id of there.waiting) waiting.add(id);
    for (const id of there.deadLettered) deadLettered.add(id);
  }
  return { looks, waiting, deadLettered };
}

/** The lower of two bounds by byte; null is above everything. */
function earlier(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return isAbove(a, b) ? b : a;
}

function isAbove(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) > 0;
}
