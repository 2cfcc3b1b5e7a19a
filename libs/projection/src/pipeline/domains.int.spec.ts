import { compile, computesOf, describe as describeSource } from '#views';
import { domains, type State } from '#views/testing';
import type { Change } from '../apply/change.js';
import type { Builder } from '../build/builder.js';
import { openBuilding, untilNoMarks, type Building } from '../testing/building.js';
import { change } from '../testing/shop.js';

const views = domains.flatMap((domain) => domain.views);

let world: Building;
let builder: Builder;
let version = 1;

/** Every state of every domain as a change, the last declared source first, so that children come before parents. */
function changes(of: (source: string, state: State) => Change): readonly Change[] {
  return domains
    .flatMap(({ rows }) =>
      Object.entries(rows).flatMap(([source, states]) => states.map((state) => of(source, state))),
    )
    .toReversed();
}

const idOf = (state: State): string => state['id'] as string;

async function applyEach(all: readonly Change[]): Promise<void> {
  for (const one of all) await world.apply(one);
  await world.fanOut();
  builder.wake();
  await untilNoMarks(world.pool);
}

beforeAll(async () => {
  world = await openBuilding({
    sources: domains.flatMap(({ sources }) => sources.map(describeSource)),
    computes: new Map(views.flatMap(({ view }) => [...computesOf(view)])),
  });
  await world.ensure(...views.map(({ view }) => compile(view)));
  builder = world.start();
}, 60_000);
afterAll(() => world.dispose());

describe('twelve views of nine domains, on the real servers', () => {
  const served = async (): Promise<Record<string, readonly unknown[]>> => {
    const all: Record<string, readonly unknown[]> = {};
    for (const { view } of views) all[view.name] = [...(await world.documents(view.name)).values()];
    return all;
  };
  const byId = (documents: readonly State[]): readonly State[] =>
    documents.toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const written = Object.fromEntries(views.map(({ view, documents }) => [view.name, byId(documents)]));

  it('serve the documents that were written down by hand, though every child came before its parent', async () => {
    await applyEach(changes((source, state) => change(source, idOf(state), version++, state)));
    expect(await served()).toEqual(written);
  }, 60_000);

  it('lose all of them with their rows, and have them again with the next versions', async () => {
    await applyEach(changes((source, state) => change(source, idOf(state), version++, null)));
    expect(Object.values(await served()).flat()).toEqual([]);
    await applyEach(changes((source, state) => change(source, idOf(state), version++, state)).toReversed());
    expect(await served()).toEqual(written);
  }, 60_000);

  it('follow each row that vanishes and comes back', async () => {
    const most = Math.max(...domains.map(({ rows }) => Object.values(rows).flat().length));
    for (let at = 0; at < most; at++) {
      // One row of every domain at a time: they share nothing, so that each is on its own.
      const one = domains.flatMap(({ rows }) => {
        const all = Object.entries(rows).flatMap(([source, states]) =>
          states.map((state) => [source, state] as const),
        );
        return all.slice(at, at + 1);
      });
      await applyEach(one.map(([source, state]) => change(source, idOf(state), version++, null)));
      await applyEach(one.map(([source, state]) => change(source, idOf(state), version++, state)));
    }
    expect(await served()).toEqual(written);
  }, 120_000);
});
