// Jest's order of test files: what takes longest begins first, so that the run does not end with one slow file and an idle
// worker. Jest does so by the durations of the last run; a fresh clone has none, and would go by the size of the files.
import Sequencer from '@jest/test-sequencer';

/** Seconds on two cores, of the files that take more than half a minute; the others go by their kind. */
const known = {
  'demo/outage.e2e': 100,
  'demo/rebuild-under-load.e2e': 100,
  'demo/crashes.e2e': 80,
  'libs/projection/src/rebuild/rebuild.int': 79,
  'libs/projection/src/repair/traps.int': 77,
  'demo/rebuild.e2e': 75,
  'demo/resync.e2e': 67,
  'apps/projector/src/rebuild.e2e': 59,
  'libs/outbox/src/relay/broker.int': 59,
  'demo/read-your-writes.e2e': 50,
  'apps/projector/src/services.e2e': 50,
  'apps/projector/src/dead-letters.e2e': 48,
  'libs/projection/src/model/real.int': 46,
  'libs/testing/src/private-elasticsearch.int': 40,
  'apps/query-api/src/guard-leaks.e2e': 38,
};
const kinds = { demo: 30, e2e: 20, int: 8, unit: 1 };

function expectedSeconds({ path }) {
  const file = Object.keys(known).find((name) => path.endsWith(`/${name}.spec.ts`));
  if (file !== undefined) return known[file];
  const kind = /\.(e2e|int|unit)\.spec\.ts$/.exec(path)?.[1] ?? 'int';
  return kinds[kind === 'e2e' && path.includes('/demo/') ? 'demo' : kind];
}

export default class SlowFirst extends Sequencer {
  sort(tests) {
    const usual = super.sort(tests);
    // Measured here, in whole or in part: Jest knows better.
    if (usual.some(({ duration }) => duration !== undefined)) return usual;
    return usual.toSorted((one, other) => expectedSeconds(other) - expectedSeconds(one));
  }
}
