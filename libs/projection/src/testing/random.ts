import { seededRandom } from '#testing';
import type { Change } from '../apply/change.js';
import { change } from './shop.js';

/** Random choices that a seed repeats. */
export interface Random {
  below(limit: number): number;
  chance(probability: number): boolean;
}

export function randomFrom(seed: number): Random {
  const next = seededRandom(seed);
  return { below: (limit) => Math.floor(next() * limit), chance: (probability) => next() < probability };
}

/** Few rows of each source, so that writers meet and every hop is re-parented all the time. */
const ROWS = 6;

/** Gives some changes of the chain's sources at each call: new values, new parents, deletes and returns, children before their parents. */
export function randomChanges(random: Random): () => readonly Change[] {
  const versions = new Map<string, number>();
  return () => Array.from({ length: 1 + random.below(4) }, () => randomChange(random, versions));
}

function randomChange(random: Random, versions: Map<string, number>): Change {
  const source = ['root', 'b', 'c', 'd', 'e'][random.below(5)] ?? 'root';
  const id = `${source}${random.below(ROWS)}`;
  const version = (versions.get(id) ?? 0) + 1;
  versions.set(id, version);
  return change(source, id, version, random.chance(0.15) ? null : stateOf(source, random));
}

function stateOf(source: string, random: Random): Readonly<Record<string, unknown>> {
  const parent = (of: string): string | null => (random.chance(0.1) ? null : `${of}${random.below(ROWS)}`);
  const value = random.below(1_000);
  switch (source) {
    case 'root':
      return { value, bId: parent('b') };
    case 'c':
      return {
        value,
        bId: parent('b'),
        items: Array.from({ length: random.below(3) }, () => ({ dId: parent('d') })),
      };
    case 'e':
      return { value, dId: parent('d') };
    default:
      return { value };
  }
}
