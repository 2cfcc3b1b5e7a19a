import { createHash } from 'node:crypto';
import type { ReadyDocument } from './arms/raw-bulk.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { eventsOf, projecting, type Event, type Place } from './harness/projecting.js';
import { onProjectionBed } from './harness/projection-bed.js';
import { compare, describeCpu, inTurns, type Arm, type Rounds } from './harness/rounds.js';

const EVENTS = { s: 6_000, m: 45_000, l: 180_000 };
/** So that what comes late is really older than what is there. */
const EVENTS_OF_ONE = 3;
const DUPLICATES = 0.3;

export const disorderBench: Bench = {
  name: 'disorder',
  about:
    'Events a second where three of ten come twice and all in random order, by the same events once and in order.',
  measure: (space, run) => onProjectionBed(space, (bed) => measure({ space, bed }, run)),
};

async function measure(place: Place, { scale, rounds, print }: Run): Promise<Measured> {
  const clean = eventsOf(EVENTS[scale], EVENTS[scale] / EVENTS_OF_ONE);
  const disordered = shuffled([...clean, ...shuffled(clean).slice(0, DUPLICATES * clean.length)]);
  print(`${clean.length} events, and ${disordered.length} deliveries of them out of order`);
  const hashes = new Set<string>();
  const counted = clean.length;
  const arms = [
    alike(place, { name: 'disorder', events: disordered, counted }, hashes),
    alike(place, { name: 'order', events: clean, counted }, hashes),
  ];
  const all = await inTurns(arms, rounds, print);
  for (const arm of all) print(describeCpu(arm));
  const [ours, other] = all as [Rounds, Rounds];
  return { ...compare(ours, other), goal: 0.85, unit: 'events/s' };
}

/** The documents of every round of both have to be the same, byte for byte. */
function alike(place: Place, delivered: Parameters<typeof projecting>[1], hashes: Set<string>): Arm {
  const documents: ReadyDocument[] = [];
  const { name, work } = projecting(place, delivered, documents);
  return {
    name,
    work: async (round) => {
      const { rate, check } = await work(round);
      const checkAll = async (): Promise<void> => {
        await check();
        hashes.add(hashOf(documents));
        if (hashes.size > 1) throw new Error('The documents of one round are not those of another.');
      };
      return { rate, check: checkAll };
    },
  };
}

function hashOf(documents: readonly ReadyDocument[]): string {
  const hash = createHash('sha256');
  for (const { id, source } of documents) hash.update(`${id}\n${source}\n`);
  return hash.digest('hex');
}

/** In the same way at every call (Fisher and Yates, with the generator of Lehmer). */
function shuffled(events: readonly Event[]): readonly Event[] {
  const all = [...events];
  let seed = 20_261_124;
  for (let at = all.length - 1; at > 0; at--) {
    seed = (seed * 48_271) % 2_147_483_647;
    const other = seed % (at + 1);
    [all[at], all[other]] = [all[other] as Event, all[at] as Event];
  }
  return all;
}
