import type { Tables, Transaction } from './database.js';
import { rootsOf } from './keys.js';
import type { FanOutKeyRow } from './queues.js';
import type { Steps, Task, World } from './world.js';

/** Takes changed keys and marks the next chunk of their roots; every look-up sees what has committed when it begins. */
export function* lookUpKeys(world: World, task: Task): Steps {
  const transaction = task.begin();
  const { tables } = world.database;
  const claimed = transaction.claim('fanOut', tables.fanOut, world.upTo(3));
  const chunk = world.upTo(3);
  for (const row of claimed) {
    yield;
    markRoots(
      transaction,
      row,
      tables.copies,
      chunk,
      world.bug === 'a look-up goes on one root too far' ? 1 : 0,
    );
  }
  yield;
  transaction.commit();
}

/** Marks up to `chunk` roots behind the row's cursor, and writes the row again if there may be more. */
export function markRoots(
  transaction: Transaction,
  row: FanOutKeyRow,
  copies: Tables['copies'],
  chunk: number,
  skipped = 0,
): void {
  const left = rootsOf(row.route, row.key, copies).filter((root) => root > row.cursor);
  const roots = left.slice(0, chunk);
  for (const root of roots) transaction.addMark({ view: row.route.view, root });
  if (roots.length < chunk) return;
  const cursor = left[chunk - 1 + skipped] ?? left.at(-1);
  if (cursor !== undefined) transaction.addKey({ ...row, cursor });
}
