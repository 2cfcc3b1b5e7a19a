import type { ModelView } from '../views.js';
import { writeDocuments } from './build.js';
import type { Generation } from './database.js';
import { planOf, type Steps, type Task, type World } from './world.js';

/** How far a rebuild has come: what the database keeps of it, so that another process goes on after a crash. */
export interface RebuildProgress {
  registered: boolean;
  scannedTo: string;
}

/** Builds a view into a second generation, of the plan that a later release declares. */
export function* rebuild(world: World, task: Task, view: ModelView, progress: RebuildProgress): Steps {
  const early = world.bug === 'the scan begins before the generation is registered';
  if (!early) yield* register(world, task, view, progress);
  yield* scan(world, view, progress);
  if (early) yield* register(world, task, view, progress);
}

function* register(world: World, task: Task, view: ModelView, progress: RebuildProgress): Steps {
  if (progress.registered) return;
  const transaction = task.begin();
  const waits = world.bug !== 'triggers are replaced without waiting for open writers';
  // New triggers need a lock on the copies that no open writer shares.
  while (waits && world.database.hasOpenWriters()) yield;
  world.register(transaction, nextGeneration(view));
  progress.registered = true;
  yield;
}

function* scan(world: World, view: ModelView, progress: RebuildProgress): Steps {
  const generation = nextGeneration(view);
  world.server.create(generation.index);
  const { root } = generation.plan;
  for (;;) {
    const rows = [...(world.database.tables.copies.get(root)?.values() ?? [])];
    const ids = rows
      .filter(({ id, state }) => state !== null && id > progress.scannedTo)
      .map(({ id }) => id)
      .sort();
    let left: readonly string[] = ids.slice(0, 2);
    const last = left.at(-1);
    if (last === undefined) return;
    while (left.length > 0) {
      yield;
      left = [...(yield* writeDocuments(world, left, () => [generation]))];
    }
    progress.scannedTo = last;
  }
}

function nextGeneration(view: ModelView): Generation {
  return { view: view.name, index: `${view.name}.2`, plan: planOf(view.next.declared) };
}
