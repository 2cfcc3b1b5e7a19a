import type { Pool } from 'pg';
import { messageOf, type Logger } from '#kernel';
import type { SearchIndex } from '#search';
import type { Plan } from '#views';
import { installTriggers } from '../marks/triggers.js';
import { readGenerations, type Generation } from './generation.js';
import { withGenerationLock } from './generation-lock.js';
import { insertGeneration, nextNumber } from './insert-generation.js';
import { markAllRoots } from './mark-all.js';
import { aliasName, indexName } from './names.js';

export interface EnsureOptions {
  readonly pool: Pool;
  readonly index: SearchIndex;
  readonly indexPrefix: string;
  /** The plans of all views that the code registers. */
  readonly plans: readonly Plan[];
  readonly logger: Logger;
}

/**
 * Gives every registered view a generation, at the start of a projector; the copies must stand already.
 *
 * A view without one gets index, alias and triggers, then its registration together with marks of all roots that the
 * copies hold; a crash anywhere before that commit is made good by the next start. A view whose declaration changed
 * keeps running by the stored plan of its live generation: only a rebuild moves it on, since readers would otherwise
 * see an index that is half filled.
 */
export function ensureGenerations(options: EnsureOptions): Promise<void> {
  return withGenerationLock(options.pool, async () => {
    // The union of what runs already, in case that a newer version of the code makes other triggers of it.
    await installTriggers(options.pool, [], { logger: options.logger });
    for (const plan of options.plans) {
      const generations = await readGenerations(options.pool, plan.view);
      const live = generations.find(({ state }) => state === 'live');
      if (live === undefined) await registerFirst(options, plan);
      else await keepLive(options, plan, live, generations);
    }
  });
}

async function registerFirst({ pool, index, indexPrefix, logger }: EnsureOptions, plan: Plan): Promise<void> {
  const number = await nextNumber(pool, plan.view);
  const name = indexName(indexPrefix, plan, number);
  await index.create(name, plan);
  await index.point(aliasName(indexPrefix, plan.view), name);
  let marked = 0;
  await installTriggers(pool, [plan], {
    logger,
    register: async (client) => {
      await insertGeneration(client, { plan, number, indexName: name, state: 'live' });
      marked = await markAllRoots(client, plan.view, plan.root);
    },
  });
  logger.info({ view: plan.view, index: name, marked }, `View ${plan.view} has its first generation`);
}

async function keepLive(
  { index, indexPrefix, logger }: EnsureOptions,
  plan: Plan,
  live: Generation,
  generations: readonly Generation[],
): Promise<void> {
  await healAlias(index, aliasName(indexPrefix, plan.view), live, logger);
  if (live.fingerprint === plan.fingerprint) return;
  const rebuilding = generations.some(
    ({ state, fingerprint }) => state === 'building' && fingerprint === plan.fingerprint,
  );
  logger.warn(
    { view: plan.view, live: live.fingerprint, declared: plan.fingerprint },
    rebuilding
      ? `The declaration of view ${plan.view} changed; its rebuild has begun and the live generation is served until it ends.`
      : `The declaration of view ${plan.view} changed, and the live generation is served as it was. Run: npx prejoin rebuild ${plan.view}`,
  );
}

/**
 * A rebuild that died between its two commits leaves the alias one generation ahead; both are current, one is live. An
 * index server that is away is no reason not to start: marks wait for it.
 */
async function healAlias(index: SearchIndex, alias: string, live: Generation, logger: Logger): Promise<void> {
  try {
    if (live.stopped !== null || (await index.pointsAt(alias)) === live.indexName) return;
    if (!(await index.exists(live.indexName))) return;
    await index.point(alias, live.indexName);
    logger.warn(
      { alias, index: live.indexName },
      'The alias did not point at the live generation, and does again',
    );
  } catch (error) {
    logger.warn({ alias, err: error }, `The alias could not be looked at: ${messageOf(error)}`);
  }
}
