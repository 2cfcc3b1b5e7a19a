import { backoffDelay, sleep } from '#kernel';
import { buildRoots, type BuildContext, type BuiltWrite } from '../build/build-roots.js';
import { judge } from '../build/judge.js';
import { keepRefused } from '../build/refused.js';
import { forgetDocuments } from '../documents/forget.js';
import type { Generation } from '../generations/generation.js';
import { canBeExceeded, epochOf } from '../revision/revision.js';
import { inTransaction } from '../schema/transaction.js';
import type { Difference } from '../verify/difference.js';
import { VerifyNotRunnableError } from '../verify/errors.js';
import { isStorable } from '../verify/expected.js';
import { settle, type Settled } from '../verify/settle.js';
import { GenerationStoppedError } from './errors.js';

export interface RepairOptions extends BuildContext {
  readonly signal?: AbortSignal;
  /** How long documents that wait to be built may take, in milliseconds. */
  readonly settleMs?: number;
  /** How long nothing of what waits may move before it is told that nobody builds, in milliseconds. */
  readonly stallMs?: number;
  readonly onProgress?: (done: number, total: number) => void;
}

/** What became of the documents that were to be mended. */
export interface Repaired {
  /** They were wrong, were written, and are right now. */
  readonly repaired: readonly Difference[];
  /** They were right by the time they were looked at, and nothing was written. */
  readonly equal: number;
  readonly left: readonly LeftAlone[];
  /** A document had a revision that the database never gave out: the epoch went above it, and all roots are built again. */
  readonly epochRaised: boolean;
}

/** A document that is not right, or of which it could not be told, with the reason. */
export interface LeftAlone {
  readonly id: string;
  readonly reason: string;
}

const SETTLE_MS = 30_000;
const STALL_MS = 5_000;
/** Documents that are mended together. */
const AT_ONCE = 500;
/** How often a write is tried that the index refuses for now. */
const ATTEMPTS = 6;
const RETRY = { baseMs: 250, maxMs: 4_000 };

/**
 * Mends documents of one generation: each is looked at first, and only what differs is written, as the copies make it now
 * and at a fresh revision, the way that every build goes. Then it is looked at again.
 *
 * Documents that wait for a build which nobody does are built here as well. What was written in between by others is
 * right and left alone: they go the same way.
 * @throws {GenerationStoppedError} when the generation takes no writes; {VerifyNotRunnableError}
 */
export async function repairDocuments(
  options: RepairOptions,
  generation: Generation,
  ids: readonly string[],
): Promise<Repaired> {
  const result = { repaired: [] as Difference[], equal: 0, left: [] as LeftAlone[], epochRaised: false };
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const chunk = ids.slice(from, from + AT_ONCE);
    const { repaired, equal, left, epochRaised } = await repairChunk(options, generation, chunk);
    result.repaired.push(...repaired);
    result.equal += equal;
    result.left.push(...left);
    result.epochRaised ||= epochRaised;
    options.onProgress?.(from + chunk.length, ids.length);
  }
  return result;
}

async function repairChunk(
  options: RepairOptions,
  generation: Generation,
  ids: readonly string[],
): Promise<Repaired> {
  const before = await look(options, generation, ids);
  const hopeless = before.differences.flatMap((one) => {
    const reason = hopelessness(one);
    return reason === null ? [] : [{ id: one.id, reason }];
  });
  const untouched = new Set(hopeless.map(({ id }) => id));
  const wrong = before.differences.filter(({ id }) => !untouched.has(id));
  const left = [...hopeless, ...reasonsOf(before)];
  const equal = ids.length - wrong.length - left.length;
  if (wrong.length === 0) return { repaired: [], equal, left, epochRaised: false };

  const written = await write(
    options,
    generation,
    wrong.map(({ id }) => id),
  );
  const after = await look(
    options,
    generation,
    wrong.map(({ id }) => id),
  );
  const still = new Map([
    ...after.differences.map(
      ({ id, kind }) => [id, written.unfinished.get(id) ?? `it is ${kind} still`] as const,
    ),
    ...reasonsOf(after).map(({ id, reason }) => [id, reason] as const),
  ]);
  return {
    repaired: wrong.filter(({ id }) => !still.has(id)),
    equal,
    left: [...left, ...[...still].map(([id, reason]) => ({ id, reason }))],
    epochRaised: written.epochRaised,
  };
}

function look(options: RepairOptions, generation: Generation, ids: readonly string[]): Promise<Settled> {
  const { settleMs = SETTLE_MS, stallMs = STALL_MS, signal = new AbortController().signal } = options;
  return settle(options, generation, ids, { settleMs, stallMs, signal });
}

function reasonsOf({ refused, unsettled }: Settled): readonly LeftAlone[] {
  return [
    ...refused.map(({ id, reason }) => ({ id, reason: `the index refuses it: ${reason}` })),
    ...unsettled.map((id) => ({ id, reason: 'it changed, or waited to be built, all the time' })),
  ];
}

/** Why no write can mend a document; null when one can. */
function hopelessness({ id, revision }: Difference): string | null {
  if (!isStorable(id)) return 'no root can have such an id, so that no build reaches it: delete it by hand';
  if (revision !== null && !canBeExceeded(revision))
    return `its revision ${revision} leaves no higher epoch: rebuild the view`;
  return null;
}

interface Written {
  /** What the index did not take in the end, with the reason. */
  readonly unfinished: ReadonlyMap<string, string>;
  readonly epochRaised: boolean;
}

/**
 * Builds the documents into the one generation, until the index has taken them. What is known of them is forgotten first:
 * the index does not hold what it was last sent, so an equal document has to be sent as well.
 */
async function write(
  options: RepairOptions,
  generation: Generation,
  ids: readonly string[],
): Promise<Written> {
  const { view, indexName } = generation;
  await inTransaction(options.pool, (client) => forgetDocuments(client, indexName, ids));
  let left = ids;
  let epoch: number | null = null;
  for (let attempt = 1; ; attempt++) {
    options.signal?.throwIfAborted();
    const { revision, writes } = await buildOnce(options, generation, left);
    const unfinished = await judge(options, view, revision, writes);
    await inTransaction(options.pool, (client) => keepRefused(client, view, writes));
    epoch ??= epochOf(revision);
    if (unfinished.size === 0 || attempt === ATTEMPTS)
      return { unfinished, epochRaised: epochOf(revision) > epoch };
    left = [...unfinished.keys()];
    await sleep(backoffDelay(RETRY, attempt), options.signal);
  }
}

async function buildOnce(
  options: RepairOptions,
  { view, indexName }: Generation,
  ids: readonly string[],
): Promise<{ readonly revision: number; readonly writes: readonly BuiltWrite[] }> {
  const result = await buildRoots(options, view, ids, {
    wanted: (one) => one.indexName === indexName,
  });
  if (result.kind === 'not_runnable') throw new VerifyNotRunnableError(view, result.missing);
  if (result.kind === 'no_generation') throw new GenerationStoppedError(view, indexName);
  return result;
}
