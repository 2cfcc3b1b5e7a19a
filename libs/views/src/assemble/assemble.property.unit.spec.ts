import fc from 'fast-check';
import {
  array,
  assemble,
  assembleText,
  compile,
  id,
  int,
  list,
  loadFrom,
  many,
  nullable,
  one,
  ref,
  source,
  string,
  view,
  type LoadedRow,
} from '../index.js';

const tag = source('tag', { id: id(), name: nullable(string()) });
const owner = source('owner', { id: id(), name: string(), tagIds: array(ref(tag)) });
const thing = source('thing', {
  id: id(),
  ownerId: nullable(ref(owner)),
  rank: nullable(int()),
  parts: list({ tagId: ref(tag), count: int() }),
});
const note = source('note', { id: id(), thingId: ref(thing), rank: nullable(int()), tagId: ref(tag) });

const things = view('things', thing, { where: { rank: { ne: 0 } } }, (t) => ({
  rank: t.rank,
  owner: one(t.ownerId, (o) => ({ name: o.name, tags: many(o.tagIds, (g) => g.name) })),
  parts: many(t.parts, { where: { count: { gte: 1 } } }, (p) => ({
    count: p.count,
    tag: one(p.tagId, { required: true }, (g) => ({ id: g.id, name: g.name })),
  })),
  notes: many(note.thingId, { sort: '-rank', limit: 2 }, (n) => ({
    id: n.id,
    tag: one(n.tagId, (g) => g.name),
  })),
  first: one(note.thingId, { sort: ['rank', '-tagId'], where: { rank: { exists: true } } }, (n) => n.id),
}));

interface World {
  readonly tag: readonly LoadedRow[];
  readonly owner: readonly LoadedRow[];
  readonly thing: readonly LoadedRow[];
  readonly note: readonly LoadedRow[];
}

const ids = fc.constantFrom('a', 'b', 'c', 'd');
const rank = fc.option(fc.integer({ min: 0, max: 2 }));
const rows = (data: fc.Arbitrary<Record<string, unknown>>, most: number): fc.Arbitrary<LoadedRow[]> =>
  fc
    .uniqueArray(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f').map(String), data }), {
      selector: (row) => row.id,
      maxLength: most,
    })
    .map((list) => list.map((row) => ({ id: row.id, data: { ...row.data, id: row.id } })));
const world: fc.Arbitrary<World> = fc.record({
  tag: rows(fc.record({ name: fc.option(fc.constantFrom('x', 'y')) }), 4),
  owner: rows(fc.record({ name: fc.constantFrom('ann', 'bob'), tagIds: fc.array(ids, { maxLength: 3 }) }), 4),
  thing: rows(
    fc.record({
      ownerId: fc.option(ids),
      rank,
      parts: fc.array(fc.record({ tagId: ids, count: fc.integer({ min: 0, max: 2 }) }), { maxLength: 3 }),
    }),
    4,
  ),
  note: rows(fc.record({ thingId: ids, rank, tagId: ids }), 6),
});

/** Written without the plan: nested loops over whole tables, one line of the view at a time. */
function naive(all: World, rootId: string): unknown {
  const find = (table: readonly LoadedRow[], key: unknown) => table.find((row) => row.id === key);
  const root = find(all.thing, rootId);
  if (root === undefined) return null;
  const d = root.data;
  if (d['rank'] === null || d['rank'] === 0) return null;
  const by = (a: unknown, b: unknown) =>
    (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  const notes = all.note.filter((n) => n.data['thingId'] === rootId);
  const latest = [...notes].sort((p, q) => {
    const [x, y] = [p.data['rank'], q.data['rank']];
    if (x === y) return by(p.id, q.id);
    return x === null ? 1 : y === null ? -1 : by(y, x);
  });
  const first = notes
    .filter((n) => n.data['rank'] !== null)
    .sort(
      (p, q) => by(p.data['rank'], q.data['rank']) || by(q.data['tagId'], p.data['tagId']) || by(p.id, q.id),
    )[0];
  const holder = find(all.owner, d['ownerId']);
  const parts = d['parts'] as { tagId: string; count: number }[];
  return {
    id: rootId,
    rank: d['rank'],
    owner:
      holder === undefined
        ? null
        : {
            name: holder.data['name'],
            tags: (holder.data['tagIds'] as readonly string[])
              .map((key) => find(all.tag, key)?.data['name'] ?? null)
              .filter((name) => name !== null),
          },
    parts: parts
      .filter((part) => part.count >= 1 && find(all.tag, part.tagId) !== undefined)
      .map((part) => ({
        count: part.count,
        tag: { id: part.tagId, name: find(all.tag, part.tagId)?.data['name'] ?? null },
      })),
    notes: latest
      .slice(0, 2)
      .map((n) => ({ id: n.id, tag: find(all.tag, n.data['tagId'])?.data['name'] ?? null })),
    first: first?.id ?? null,
  };
}

describe('assembled documents', () => {
  const plan = compile(things);

  it('are those of an independent nested-loop join, for any rows', () => {
    fc.assert(
      fc.property(world, (all) => {
        const rootIds = ['a', 'b', 'c', 'd', 'e', 'f'];
        const made = assemble(plan, rootIds, loadFrom(plan, rootIds, { ...all }), new Map());
        expect(made).toEqual(rootIds.map((rootId) => ({ id: rootId, document: naive(all, rootId) })));
      }),
      { numRuns: 400 },
    );
  });

  it('are the same bytes as the joined value written as JSON', () => {
    fc.assert(
      fc.property(world, (all) => {
        const rootIds = ['a', 'b', 'c', 'd', 'e', 'f'];
        const made = assembleText(plan, rootIds, loadFrom(plan, rootIds, { ...all }), new Map());
        const texts = rootIds.map((id) => {
          const document = naive(all, id);
          return { id, body: document === null ? null : JSON.stringify(document) };
        });
        expect(made).toEqual(texts);
      }),
      { numRuns: 200 },
    );
  });

  it('do not depend on the order in which the rows were loaded', () => {
    fc.assert(
      fc.property(world, (all) => {
        const loaded = loadFrom(plan, ['a', 'b', 'c'], { ...all });
        const reversed = new Map([...loaded].map(([level, list]) => [level, [...list].reverse()]));
        const forwards = assemble(plan, ['a', 'b', 'c'], loaded, new Map());
        expect(assemble(plan, ['a', 'b', 'c'], reversed, new Map())).toEqual(forwards);
      }),
    );
  });
});
