import { sleep } from '#kernel';
import { newestRevisions } from '../documents/decide-writes.js';
import type { Generation } from '../generations/generation.js';
import type { VerifyContext } from './context.js';
import type { Difference, DifferenceKind, Refused } from './difference.js';
import { isStorable } from './expected.js';
import { isEqual, isSame, lookAt, type Look } from './look.js';
import { untilBuilt, type Waited } from './until-built.js';

export interface SettleOptions {
  /** How long what waits to be built may take, in milliseconds, before documents are left unsettled. */
  readonly settleMs: number;
  /** How long nothing of it may move before it is told that nobody builds, in milliseconds. */
  readonly stallMs: number;
  readonly signal: AbortSignal;
}

/** What became of documents that did not agree at first sight. Those that agree by now are in none of the lists. */
export interface Settled {
  readonly differences: readonly Difference[];
  readonly refused: readonly Refused[];
  /** They did not agree in any look, and it could not be waited for whether they will. */
  readonly unsettled: readonly string[];
  /** They were written anew between all looks, whole each time: what was seen at first is not there any more. */
  readonly moving: readonly string[];
  /** What waited stood still until the end of patience. */
  readonly stoodStill: boolean;
}

/** A document that is written anew in each of so many looks is under change and not wrong. */
const LOOKS_OF_MOVING = 5;

/**
 * Finds which of these documents are wrong and which are only late.
 *
 * A document is wrong when a look found it so, all that had changed by then has been built since (its marks, and the
 * changed keys of the view, are gone, and they go when their documents are written), and a second look finds the same
 * again, on both sides. Where one of the sides moved, the newer look counts as the first one. Looks go on until time is
 * over: a document that changes faster than it is looked at says nothing by that.
 */
export async function settle(
  context: VerifyContext,
  generation: Generation,
  ids: readonly string[],
  { settleMs, stallMs, signal }: SettleOptions,
): Promise<Settled> {
  const deadlineAt = performance.now() + settleMs;
  const found: Found = { wrong: [], unsettled: [], moving: [] };
  let stoodStill = false;
  const first = await lookAt(context, generation, ids, signal);
  let { at } = first;
  let open = first.looks.filter((look) => !isEqual(look)).map((look) => ({ look, rewritten: true }));
  for (let look = 2; open.length > 0; look++) {
    // Later looks are at what changes all the time, and cost those who build it.
    if (look > LOOKS_OF_MOVING) await sleep(Math.min(1_000, 50 * look), signal);
    const waiting = { pool: context.pool, generation, since: at, deadlineAt, stallMs, signal };
    const waited = await untilBuilt({ ...waiting, ids: open.map((one) => one.look.id).filter(isStorable) });
    stoodStill = waited.end === 'still';
    const again: Awaited<ReturnType<typeof lookAt>> = await lookAt(
      context,
      generation,
      open.map((one) => one.look.id),
      signal,
    );
    at = again.at;
    const patience = performance.now() >= deadlineAt ? 'over' : look >= LOOKS_OF_MOVING ? 'less' : 'more';
    const next: Open[] = [];
    again.looks.forEach((now, position) => {
      const before = open[position] as Open;
      if (!isEqual(now)) sort(found, next, before, now, waited, patience);
    });
    open = next;
  }
  return { ...(await describe(context, generation, found)), stoodStill };
}

/** `less`: what was written anew in every look is not looked at any more; `over`: nothing is. */
type Patience = 'more' | 'less' | 'over';

interface Open {
  readonly look: Look;
  /** The index held another write of it in every look so far. */
  readonly rewritten: boolean;
}

interface Found {
  readonly wrong: { readonly look: Look; readonly waiting: boolean }[];
  readonly unsettled: string[];
  readonly moving: string[];
}

function sort(
  { wrong, unsettled, moving }: Found,
  next: Open[],
  before: Open,
  now: Look,
  { end, marked, keys }: Waited,
  patience: Patience,
): void {
  const waiting = keys || marked.has(now.id);
  const settled = end === 'still' || !waiting;
  // No build makes a revision right that the database has never given out.
  if (now.ahead || (settled && isSame(before.look, now))) {
    wrong.push({ look: now, waiting: waiting && !now.ahead });
    return;
  }
  const rewritten = before.rewritten && isRewritten(before.look, now);
  if (rewritten && patience !== 'more') moving.push(now.id);
  else if (patience === 'over') unsettled.push(now.id);
  else next.push({ look: now, rewritten });
}

/** Whether the index was told of the document between two looks: anew, or that it is gone, or that it is there again. */
function isRewritten({ stored: before }: Look, { stored: now }: Look): boolean {
  if (before === null || now === null) return before !== now;
  return now.revision > before.revision;
}

async function describe(
  context: VerifyContext,
  generation: Generation,
  { wrong, unsettled, moving }: Found,
): Promise<Omit<Settled, 'stoodStill'>> {
  const all = [...wrong.map(({ look }) => look.id), ...unsettled];
  const refused = await refusedAmong(context, generation, all);
  for (const { look } of wrong)
    if (look.fault !== null && !refused.has(look.id)) refused.set(look.id, look.fault);
  const standing = wrong.filter(({ look }) => !refused.has(look.id));
  const targets = standing
    .filter(({ look }) => isStorable(look.id))
    .map(({ look }) => ({ index: generation.indexName, id: look.id }));
  const newest = await newestRevisions(context.pool, targets);
  return {
    differences: standing.map(({ look, waiting }) => ({
      id: look.id,
      kind: kindOf(look, waiting, newest.of({ index: generation.indexName, id: look.id })),
      revision: look.stored?.revision ?? null,
      waiting,
    })),
    refused: [...refused].map(([id, reason]) => ({ id, reason })),
    unsettled: unsettled.filter((id) => !refused.has(id)),
    moving,
  };
}

function kindOf({ made, stored, ahead }: Look, waiting: boolean, newest: number | null): DifferenceKind {
  if (ahead) return 'ahead';
  if (stored === null) return 'missing';
  if (made === null) return 'extra';
  // Of what a rebuild wrote and nobody has built since, no build is known.
  return waiting || (newest !== null && stored.revision < newest) ? 'stale' : 'different';
}

/** The documents that the index refuses as they are now: their dead letters are open, and say why. */
async function refusedAmong(
  { pool }: VerifyContext,
  { indexName }: Generation,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const { rows } = await pool.query<{ id: string; reason: string }>(
    `SELECT root_id AS id, reason FROM dead_letter
     WHERE kind = 'document' AND healed_at IS NULL AND index_name = $1 AND root_id = ANY($2::text[])`,
    [indexName, ids.filter(isStorable)],
  );
  return new Map(rows.map(({ id, reason }) => [id, reason]));
}
