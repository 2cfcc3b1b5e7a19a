import type { Envelope } from '#messaging';
import { id, int, list, many, nullable, one, ref, source, view } from '#views';
import { eventOf } from './deliveries.js';
import { newestStates } from './histories.js';
import type { Random } from './random.js';

/**
 * A view whose root is four hops away from an `e`: forward through a list of references, forward, backward, backward.
 * The last hop is ranked and cut off, so that rows push each other in and out of documents.
 */
const c = source('c', { id: id(), value: int() });
const b = source('b', { id: id(), cId: nullable(ref(c)), value: int() });
const d = source('d', { id: id(), cId: nullable(ref(c)), value: int() });
const e = source('e', { id: id(), dId: nullable(ref(d)), value: int() });
const a = source('a', { id: id(), value: int(), parts: list({ bId: ref(b) }) });

export const longWaySources = [a, b, c, d, e];

const TOP = 2;

export const longWay = view('long-way', a, (ofA) => ({
  value: ofA.value,
  parts: many(ofA.parts, (part) => ({
    b: one(part.bId, (ofB) => ({
      value: ofB.value,
      c: one(ofB.cId, (ofC) => ({
        value: ofC.value,
        ds: many(d.cId, { limit: 'unbounded' }, (ofD) => ({
          value: ofD.value,
          es: many(e.dId, { limit: TOP, sort: '-value' }, (ofE) => ({ id: ofE.id, value: ofE.value })),
        })),
      })),
    })),
  })),
}));

interface Row {
  readonly id: string;
  readonly value: number;
  readonly cId?: string | null;
  readonly dId?: string | null;
  readonly parts?: readonly { readonly bId: string }[];
}

/** Every document as text, by nested loops over the newest states: no plan, no copies, no SQL, no assembly. */
export function longWayDocuments(events: Iterable<Envelope>): ReadonlyMap<string, string> {
  const rows = [...newestStates(events).values()].filter(({ deleted }) => !deleted);
  const of = (name: string): readonly Row[] =>
    rows
      .filter((event) => event.source === name)
      .map((event) => event.data as Row)
      .sort((x, y) => (x.id < y.id ? -1 : 1));
  const [as, bs, cs, ds, es] = ['a', 'b', 'c', 'd', 'e'].map(of) as [Row[], Row[], Row[], Row[], Row[]];

  const topOf = (ofD: Row): unknown =>
    es
      .filter((ofE) => ofE.dId === ofD.id)
      .sort((x, y) => y.value - x.value || (x.id < y.id ? -1 : 1))
      .slice(0, TOP)
      .map((ofE) => ({ id: ofE.id, value: ofE.value }));
  const cOf = (ofC: Row | undefined): unknown =>
    ofC === undefined
      ? null
      : {
          value: ofC.value,
          ds: ds.filter((ofD) => ofD.cId === ofC.id).map((ofD) => ({ value: ofD.value, es: topOf(ofD) })),
        };
  const bOf = (ofB: Row | undefined): unknown =>
    ofB === undefined ? null : { value: ofB.value, c: cOf(cs.find((ofC) => ofC.id === ofB.cId)) };

  return new Map(
    as.map((ofA) => {
      const parts = (ofA.parts ?? []).map((part) => ({ b: bOf(bs.find((ofB) => ofB.id === part.bId)) }));
      return [ofA.id, JSON.stringify({ id: ofA.id, value: ofA.value, parts })];
    }),
  );
}

/** Few rows of each source, so that writers meet and every hop is re-parented all the time. */
const ROWS = 5;

/** Gives one event at each call: a new value, new parents, a deletion or a return; children come before their parents. */
export function longWayEvents(random: Random): () => Envelope {
  const versions = new Map<string, number>();
  const some = (name: string): string => `${name}${random.below(ROWS)}`;
  const parent = (name: string): string | null => (random.chance(0.1) ? null : some(name));
  const stateOf: Readonly<Record<string, () => Readonly<Record<string, unknown>>>> = {
    a: () => ({ parts: Array.from({ length: random.below(4) }, () => ({ bId: some('b') })) }),
    b: () => ({ cId: parent('c') }),
    c: () => ({}),
    d: () => ({ cId: parent('c') }),
    e: () => ({ dId: parent('d') }),
  };
  return () => {
    // Seldom the root: its own mark builds what another change should have marked.
    const name = 'abbccddddeeee'.charAt(random.below(13));
    const row = some(name);
    const version = (versions.get(row) ?? 0) + 1;
    versions.set(row, version);
    const state = { value: random.below(100), ...stateOf[name]?.() };
    return eventOf(name, row, version, random.chance(0.15) ? null : state);
  };
}
