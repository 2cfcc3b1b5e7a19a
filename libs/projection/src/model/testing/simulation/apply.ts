import type { Change } from '../../../apply/change.js';
import { newestChanges } from '../../../apply/newest-changes.js';
import type { State } from '../services.js';
import type { Copy, Transaction } from './database.js';
import { changes as changesByRoute, keysIn } from './keys.js';
import { markRoots } from './look-up.js';
import type { Steps, Task, World } from './world.js';

/** Applies a batch of messages as one transaction, and acknowledges them. */
export function* applyBatch(
  world: World,
  task: Task,
  batch: readonly Change[],
  acknowledge: () => void,
): Steps {
  const transaction = task.begin();
  if (world.bug === 'a message is acknowledged before its commit') acknowledge();
  const bySource = [...Map.groupBy(batch, ({ source }) => source)].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [source, changes] of bySource) {
    const newest = [...newestChanges(changes).newest].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const { id } of newest) while (!transaction.lock(`${source} ${id}`)) yield;
    for (const change of newest) upsert(world, transaction, source, change);
    yield;
  }
  transaction.commit();
  yield;
  acknowledge();
}

function upsert(world: World, transaction: Transaction, source: string, change: Change): void {
  const before = world.database.tables.copies.get(source)?.get(change.id);
  const isNewer = before === undefined || change.version > before.version;
  if (!isNewer && world.bug !== 'the version check is dropped') return;
  const state = change.data === null ? null : (JSON.parse(change.data) as State);
  const after: Copy = { id: change.id, version: change.version, state };
  if (state === null && world.bug === 'a deletion leaves no tombstone in the copies')
    transaction.removeCopy(source, change.id);
  else transaction.replaceCopy(source, after);
  writeMarks(world, transaction, source, before, after);
}

/** What the triggers do: the keys of the old and of the new row, each a mark or a key to be looked up. */
function writeMarks(
  world: World,
  transaction: Transaction,
  source: string,
  before: Copy | undefined,
  after: Copy,
): void {
  for (const route of world.triggersOf(source)) {
    if (before !== undefined && !changesByRoute(route, before, after)) continue;
    const rows =
      before === undefined || world.bug === 'the old root is not marked' ? [after] : [before, after];
    for (const key of new Set(rows.flatMap((row) => keysIn(row, route.start)))) {
      if (route.steps.length === 0) mark(world, transaction, route.view, key);
      else if (world.bug === 'keys are looked up inside the changing transaction')
        markRoots(transaction, { route, key, cursor: '' }, transaction.copies(), Infinity);
      else transaction.addKey({ route, key, cursor: '' });
    }
  }
}

function mark(world: World, transaction: Transaction, view: string, root: string): void {
  const isMarked = [...world.database.tables.marks.values()].some(
    (one) => one.view === view && one.root === root,
  );
  if (world.bug === 'a mark is written only if there is none' && isMarked) return;
  transaction.addMark({ view, root });
}
