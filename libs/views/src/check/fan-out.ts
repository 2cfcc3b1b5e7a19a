import type { Compiler, LevelDraft } from '../plan/compiler.js';
import type { ValueColumn } from '../source/description.js';

/**
 * Warns of joins that make one change build many documents: down a reference that many rows share, after having gone up
 * another. A customer's orders inside an order, say: each order that is placed builds all orders of its customer.
 */
export function checkFanOut(compiler: Compiler): void {
  for (const level of compiler.levels) {
    if (level.link?.kind !== 'backward' || isUnique(level)) continue;
    const shared = sharedAbove(level);
    if (shared === null) continue;
    const [changed, sharing, partner] = [level.source.name, shared.by.source.name, shared.level.source.name];
    compiler.warn(
      level.id,
      `Each change of a '${changed}' builds every '${sharing}' that shares its '${partner}'.`,
      `If many share one, leave this out, and make it a view of '${partner}'.`,
    );
  }
}

/** The nearest level above that is reached forwards by a reference that several rows may hold. */
function sharedAbove(below: LevelDraft): { readonly level: LevelDraft; readonly by: LevelDraft } | null {
  for (let level = below.parent; level !== null; level = level.parent) {
    const { link, parent: by } = level;
    if (link?.kind === 'forward' && by !== null && !isUnique(level)) return { level, by };
  }
  return null;
}

/** Whether at most one row holds a value of the reference that leads to the level. */
function isUnique({ link, source, parent }: LevelDraft): boolean {
  const holder = link?.kind === 'forward' ? parent?.source : source;
  if (link === null || link.many || holder === undefined) return false;
  const column = holder.columns.find(
    (one): one is ValueColumn => one.kind !== 'list' && one.name === link.column,
  );
  return column?.ref?.unique === true;
}
