import { assemble, loadFrom, type Plan } from '#views';
import type { Generation, Snapshot, Transaction } from './database.js';
import type { Bulk, Write } from './index-server.js';
import type { Mark } from './queues.js';
import type { Steps, Task, World } from './world.js';

/** Claims marks, and builds their roots; the claim stays open until the index has answered. */
export function* buildMarked(world: World, task: Task): Steps {
  const claim = task.begin();
  const early =
    world.bug === 'the snapshot is taken before the claim' ? world.database.snapshot() : undefined;
  if (early !== undefined) yield;
  const marks = claim.claim('marks', world.database.tables.marks, world.upTo(4));
  yield;
  const last = marksWriter(world, claim);
  for (const [view, ofView] of Map.groupBy(marks, (mark) => mark.view)) {
    const roots = [...new Set(ofView.map(({ root }) => root))];
    const generationsIn = (snapshot: Snapshot): readonly Generation[] =>
      snapshot.generations.filter((one) => one.view === view);
    const unfinished = yield* writeDocuments(world, roots, generationsIn, early);
    last.putBack(ofView.filter(({ root }) => unfinished.has(root)));
    yield;
  }
  last.commit();
}

interface MarksWriter {
  readonly putBack: (marks: readonly Mark[]) => void;
  readonly commit: () => void;
}

/** Marks that are not finished are written again in the claim's transaction, so that they commit with it or not at all. */
function marksWriter(world: World, claim: Transaction): MarksWriter {
  if (world.bug !== 'the claim commits before the index has answered') {
    return {
      putBack: (marks) => marks.forEach((mark) => claim.addMark(mark)),
      commit: () => claim.commit(),
    };
  }
  claim.commit();
  return {
    putBack: (marks) => {
      const later = world.begin();
      marks.forEach((mark) => later.addMark(mark));
      later.commit();
    },
    commit: () => undefined,
  };
}

/** Writes the documents of these roots, as one snapshot has them. Gives the roots that have to be built again. */
export function* writeDocuments(
  world: World,
  roots: readonly string[],
  generationsIn: (snapshot: Snapshot) => readonly Generation[],
  snapshot: Snapshot = world.database.snapshot(),
): Steps<ReadonlySet<string>> {
  yield;
  const writes: Write[] = [];
  for (const { plan, index } of generationsIn(snapshot)) {
    const documents = assembled(snapshot, plan, roots);
    for (const [id, body] of documents) writes.push({ index, id, revision: snapshot.revision, body });
  }
  if (world.bug !== 'the log is not made durable before the bulk') world.database.makeDurable();
  yield;
  const bulk = world.send(writes);
  while (bulk.answer === 'awaited' && !isOverdue(world)) yield;
  return unfinished(world, bulk);
}

function assembled(
  { copies }: Snapshot,
  plan: Plan,
  roots: readonly string[],
): ReadonlyMap<string, string | null> {
  const tables = Object.fromEntries(
    [...copies].map(([source, rows]) => [
      source,
      [...rows.values()].flatMap(({ id, state }) => (state === null ? [] : [{ id, data: state }])),
    ]),
  );
  return new Map(
    assemble(plan, roots, loadFrom(plan, roots, tables), new Map()).map((made) => {
      if ('fault' in made) throw new Error(`The document of ${made.id} is at fault: ${made.fault}`);
      return [made.id, made.document === null ? null : JSON.stringify(made.document)];
    }),
  );
}

/** The deadline of a bulk: the server may still write what nobody waits for any more. */
function isOverdue(world: World): boolean {
  return world.faulty && world.random.chance(0.03);
}

function unfinished(world: World, { writes, outcomes, answer }: Bulk): ReadonlySet<string> {
  if (answer !== 'given') return new Set(writes.map(({ id }) => id));
  if (world.bug === 'item errors are ignored') return new Set();
  return new Set(writes.filter((_, at) => outcomes[at] === 'retry').map(({ id }) => id));
}
