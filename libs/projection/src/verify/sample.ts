import type { KeyRange } from '#search';
import { compareText } from '#views';
import type { Generation } from '../generations/generation.js';
import type { VerifyContext } from './context.js';
import { copyTable } from '../schema/names.js';
import { countRoots } from '../copies/root-ranges.js';

export interface Sample {
  /** About how many roots are looked at. */
  readonly roots: number;
  /** From 0 up to 1, as Math.random. */
  readonly random: () => number;
}

const MOST_WINDOWS = 20;

/**
 * Ranges that hold about as many roots as the sample wants, each beginning at a root that is chosen at random. A range
 * ends where either side has enough, so that documents which no copy makes are found in it as well; one that reaches the
 * end of both is open above, one that begins at the first root is open below.
 */
export async function sampleRanges(
  context: VerifyContext,
  generation: Generation,
  { roots, random }: Sample,
): Promise<{ readonly ranges: readonly KeyRange[]; readonly roots: number }> {
  const windows = Math.min(MOST_WINDOWS, roots);
  const size = Math.ceil(roots / windows);
  const { root } = generation.plan;
  const { count, ids } = await countRoots(context.pool, root, (all) =>
    startsAmong(all, windows, size, random),
  );
  // The first root begins the range that is open below, in which lies all that sorts before it.
  const starts = [null, ...ids.slice(1)];
  const ranges: KeyRange[] = [];
  for (const [at, start] of starts.entries()) {
    const end = await endOf(context, generation, start, size);
    const nextStart = starts[at + 1];
    const meets =
      nextStart !== undefined && nextStart !== null && (end === null || compareText(end, nextStart) > 0);
    ranges.push({ after: start, to: meets ? nextStart : end });
  }
  return { ranges, roots: Math.min(count, windows * size) };
}

/** Places from the first on; the last is near enough to the end for its range to reach it. */
function startsAmong(count: number, windows: number, size: number, random: () => number): readonly number[] {
  const places = new Set([0, Math.max(0, count - Math.ceil(size / 2))]);
  for (let tries = 0; places.size < Math.min(windows, count) && tries < windows * 4; tries++)
    places.add(Math.floor(random() * count));
  return [...places].filter((place) => place < count).sort((a, b) => a - b);
}

/** The last key of a range of `size` roots or documents, whichever is nearer; null when both sides end before. */
async function endOf(
  { pool, index }: VerifyContext,
  { plan, indexName }: Generation,
  start: string | null,
  size: number,
): Promise<string | null> {
  const { rows } = await pool.query<{ id: string }>(
    `SELECT id FROM ${copyTable(plan.root)} WHERE NOT deleted AND id > $1 ORDER BY id LIMIT $2`,
    [start ?? '', size],
  );
  const { documents } = await index.scanRange(indexName, { after: start, to: null }, null, size);
  const ends = [
    ...(rows.length < size ? [] : [rows.at(-1)?.id ?? '']),
    ...(documents.length < size ? [] : [documents.at(-1)?.key ?? '']),
  ];
  return ends.sort(compareText)[0] ?? null;
}
