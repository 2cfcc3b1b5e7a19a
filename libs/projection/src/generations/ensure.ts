import type { Pool } from 'pg';
import { messageOf, type Logger } from '#kernel';
import type { SearchIndex } from '#search';
import type { Plan } from '#views';
import { ensureDerived } from '../copies/ensure-derived.js';
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
  /** The views that had another name before, by that name. */
  readonly renamed?: ReadonlyMap<string, string>;
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
    const running = await readGenerations(options.pool);
    const first = options.plans.filter(
      ({ view }) => !running.some((one) => one.view === view && one.state === 'live'),
    );
    await ensureDerived(options.pool, [...running.map(({ plan }) => plan), ...first], {
      logger: options.logger,
    });
    // The union of what runs already, in case that a newer version of the code makes other triggers of it.
    await installTriggers(options.pool, [], { logger: options.logger });
    for (const plan of options.plans) {
      const generations = running.filter(({ view }) => view === plan.view);
      const live = generations.find(({ state }) => state === 'live');
      if (live === undefined) await registerFirst(options, plan);
      else await keepLive(options, plan, live, generations);
    }
    tellUndeclared(options, running);
  });
}

/** They go on: an older release may declare them, and a view that is gone from one branch is not gone for its readers. */
function tellUndeclared(
  { plans, renamed = new Map<string, string>(), logger }: EnsureOptions,
  running: readonly Generation[],
): void {
  const declared = new Set(plans.map(({ view }) => view));
  for (const view of new Set(running.map((generation) => generation.view))) {
    if (declared.has(view)) continue;
    const now = renamed.get(view);
    logger.warn(
      { view, ...(now === undefined ? {} : { renamedTo: now }) },
      `View ${view} is not declared ${now === undefined ? 'here' : `any more, but as ${now}`}, and is built and served as ` +
        `it was. When no release that runs declares it, run: npx prejoin drop-view ${view}`,
    );
  }
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
  { pool, index, indexPrefix, logger }: EnsureOptions,
  plan: Plan,
  live: Generation,
  generations: readonly Generation[],
): Promise<void> {
  await healAlias(index, aliasName(indexPrefix, plan.view), live, logger);
  if (live.fingerprint === plan.fingerprint) return;
  const rebuilding = generations.some(
    ({ state, fingerprint }) => state === 'building' && fingerprint === plan.fingerprint,
  );
  const facts = { view: plan.view, live: live.fingerprint, declared: plan.fingerprint };
  const rolledBack = generations.some(
    ({ state, fingerprint, number }) =>
      state === 'previous' && fingerprint === plan.fingerprint && number > live.number,
  );
  if (!rebuilding && rolledBack) {
    logger.warn(
      facts,
      `View ${plan.view} was rolled back from the declaration that this process has, to the one before, which is served. ` +
        `To go forward again, run: npx prejoin rollback ${plan.view}, or npx prejoin rebuild ${plan.view}`,
    );
    return;
  }
  if (!rebuilding && (await wasLiveBefore(pool, plan, live))) {
    logger.warn(
      facts,
      `View ${plan.view} was rebuilt since from another declaration than this process has, which is of an older release. ` +
        `The live generation is served as it is; to take it back to this declaration, run: npx prejoin rebuild ${plan.view}`,
    );
    return;
  }
  logger.warn(
    facts,
    rebuilding
      ? `The declaration of view ${plan.view} changed; its rebuild has begun and the live generation is served until it ends.`
      : `The declaration of view ${plan.view} changed, and the live generation is served as it was. Run: npx prejoin rebuild ${plan.view}`,
  );
}

async function wasLiveBefore(pool: Pool, { view, fingerprint }: Plan, live: Generation): Promise<boolean> {
  const { rowCount } = await pool.query(
    'SELECT FROM generation WHERE view = $1 AND fingerprint = $2 AND number < $3 LIMIT 1',
    [view, fingerprint, live.number],
  );
  return rowCount !== 0;
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
