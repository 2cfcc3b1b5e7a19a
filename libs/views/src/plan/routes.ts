import type { ColumnPath, Level, Plan, Route } from './plan.js';

/**
 * How a change of each level's rows reaches the roots: one route per level, from its row up the chain of parents.
 *
 * At every hop a row gives its way out (`exit`): the column that holds its parent's key, or, when the parent holds the
 * key instead, its own. The next row up is found by that key and gives its own way out, until the key is the root's id.
 * A hop that would find a row by a key only to give the same key is left out: it can at most mark a root too many. It
 * stays when the row may hold several keys there, since it then gives the others as well.
 */
export function routesOf(plan: Plan): readonly Route[] {
  const levels = new Map(plan.levels.map((level) => [level.id, level]));
  return plan.levels.map((level) => ({
    view: plan.view,
    level: level.id,
    source: level.source,
    start: exit(level),
    steps: stepsFrom(level, levels),
    columns: columnsWithOldNames(level),
  }));
}

function stepsFrom(level: Level, levels: ReadonlyMap<string, Level>): Route['steps'] {
  const steps: Route['steps'][number][] = [];
  for (let at = level; at.parent !== null && at.link !== null;) {
    const parent = levels.get(at.parent);
    if (parent === undefined)
      throw new Error(`The plan has no level '${at.parent}', the parent of '${at.id}'.`);
    const match = at.link.kind === 'forward' ? at.link.column : (at.link.by ?? 'id');
    const give = exit(parent);
    if (match !== give || holdsSeveral(parent)) steps.push({ source: parent.source, match, give });
    at = parent;
  }
  return steps;
}

/** What a row of the level gives to the hop above it: a forward link is found by this row's key, a backward one holds the parent's. */
function exit({ link }: Level): ColumnPath {
  if (link === null) return 'id';
  return link.kind === 'backward' ? link.column : (link.by ?? 'id');
}

/** Whether a row of the level may hold several keys of its parent's rows. */
function holdsSeveral({ link }: Level): boolean {
  return link?.kind === 'backward' && link.many;
}

/** An older event may have a column under the name that it had before, and that must be seen to change as well. */
function columnsWithOldNames({ columns, fallbacks }: Level): readonly string[] {
  const oldNames = (fallbacks ?? []).flatMap(({ column, was }) =>
    was === undefined || column.includes('.') ? [] : [was],
  );
  return [...new Set([...columns, ...oldNames])].sort();
}
