import { Command } from 'commander';
import { cpus } from 'node:os';
import { silentLogger } from '#kernel';
import { elasticsearchIndex, type SearchIndex, type SearchRequest, type WriteOperation } from '#search';
import { quantile } from './appearance.js';
import { print, runBench, type BenchSpace } from './bench-space.js';
import { arms, kinds, orderOf, plans, type Arm, type Order, type Question } from './nested-orders.js';
import { median } from './harness/statistics.js';

interface Options {
  readonly documents: number;
  readonly rounds: number;
  readonly questions: number;
}

const requestOf = ({ where, facet: field }: Question): SearchRequest => ({
  where,
  q: null,
  in: null,
  sort: [{ field: 'placedAt', descending: true, nulls: 'last' }],
  fields: null,
  limit: 20,
  after: null,
  offset: 0,
  totals: 'exact',
  ...(field === undefined
    ? {}
    : { facets: [{ name: field, where, facet: { kind: 'values', field, limit: 10, selected: [] } }] }),
});

const deadline = { deadlineMs: 60_000 };
/** Documents of a call, as a projector under load sends them. */
const BULK = 2_000;

async function measure(
  { elasticsearchUrl, indexPrefix }: BenchSpace,
  { documents, rounds, questions }: Options,
): Promise<void> {
  const index = elasticsearchIndex({ node: elasticsearchUrl, logger: silentLogger });
  const nameOf = (arm: string): string => `${indexPrefix}${arm}`;
  try {
    print(`${documents} orders of 1 to 5 lines, ${rounds} rounds, ${cpus().length} cores`);
    for (const arm of arms) {
      await index.create(nameOf(arm), plans[arm]);
      await index.create(nameOf(`warm-${arm}`), plans[arm]);
      await write(index, nameOf(`warm-${arm}`), 0, Math.min(documents, 20_000));
      await index.drop(nameOf(`warm-${arm}`));
    }
    const perRound = Math.ceil(documents / rounds);
    await inTurn(rounds, 'documents a second of bulks', 0, async (arm, round) => {
      const seconds = await write(index, nameOf(arm), round * perRound, perRound);
      return perRound / seconds;
    });
    const sizes = await Promise.all(arms.map((arm) => mergedBytes(elasticsearchUrl, nameOf(arm))));
    const [nested = 0, flat = 0] = sizes.map((bytes) => bytes / 1_048_576);
    print(
      `size of one segment: nested ${nested.toFixed(1)} MiB, flat ${flat.toFixed(1)} MiB, ${(nested / flat).toFixed(2)} x`,
    );
    const all = Array.from({ length: perRound * rounds }, (_, at) => orderOf(at));
    for (const [kind, questionAt] of Object.entries(kinds)) {
      await check(index, nameOf, all, questionAt);
      await inTurn(rounds, `ms of ${kind}, p50`, 3, async (arm, round) => {
        const times: number[] = [];
        for (let nth = 0; nth < questions; nth += 1) {
          const request = requestOf(questionAt(100 + round * questions + nth));
          const begun = performance.now();
          await index.search(nameOf(arm), plans[arm], request, deadline);
          times.push(performance.now() - begun);
        }
        return quantile(times, 0.5);
      });
    }
  } finally {
    await index.close();
  }
}

/** @returns the seconds that it took until all were found by searches */
async function write(index: SearchIndex, name: string, from: number, count: number): Promise<number> {
  const operations = Array.from({ length: count }, (_, at): WriteOperation => {
    const document = orderOf(from + at);
    return { kind: 'index', index: name, id: document.id, revision: 1, body: JSON.stringify(document) };
  });
  const begun = performance.now();
  for (let at = 0; at < count; at += BULK) {
    const outcomes = await index.write(operations.slice(at, at + BULK), deadline.deadlineMs);
    const failed = outcomes.find(({ kind }) => kind !== 'done');
    if (failed !== undefined) throw new Error(`A document was not written: ${JSON.stringify(failed)}`);
  }
  await index.refresh(name);
  return (performance.now() - begun) / 1_000;
}

/** Both arms in every round, the one first and then the other; prints the median of each and of what nested is to flat. */
async function inTurn(
  rounds: number,
  what: string,
  warmUp: number,
  run: (arm: Arm, round: number) => Promise<number>,
): Promise<void> {
  const seen: Record<Arm, number[]> = { nested: [], flat: [] };
  for (let round = -warmUp; round < rounds; round += 1)
    for (const arm of round % 2 === 0 ? arms : arms.toReversed()) {
      const value = await run(arm, round);
      if (round >= 0) seen[arm].push(value);
    }
  const ratios = seen.nested.map((value, round) => value / (seen.flat[round] ?? NaN));
  const spread = `${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}`;
  const shown = (value: number): string => (value < 100 ? value.toFixed(2) : value.toFixed(0));
  print(
    `${what}: nested ${shown(median(seen.nested))}, flat ${shown(median(seen.flat))}, ` +
      `${median(ratios).toFixed(2)} x (${spread})`,
  );
}

/** Both arms find what loops over the orders find. */
async function check(
  index: SearchIndex,
  nameOf: (arm: Arm) => string,
  all: readonly Order[],
  questionAt: (at: number) => Question,
): Promise<void> {
  for (const arm of arms)
    for (let at = 0; at < 5; at += 1) {
      const question = questionAt(at);
      const { total } = await index.search(nameOf(arm), plans[arm], requestOf(question), deadline);
      const right = all.filter(question.finds[arm]).length;
      if (total !== right || right === 0)
        throw new Error(`${arm} finds ${total} instead of ${right}: ${JSON.stringify(question.where)}`);
    }
}

/** What an index takes on disk when nothing in it is left over from writing. */
async function mergedBytes(url: string, name: string): Promise<number> {
  await fetch(`${url}/${name}/_forcemerge?max_num_segments=1&flush=true`, { method: 'POST' });
  const answer = await fetch(`${url}/${name}/_stats/store,segments`);
  const { _all } = (await answer.json()) as {
    _all: { primaries: { store: { size_in_bytes: number }; segments: { count: number } } };
  };
  if (_all.primaries.segments.count !== 1) throw new Error(`${name} was not merged to one segment.`);
  return _all.primaries.store.size_in_bytes;
}

const program = new Command('npm run bench:nested --')
  .description('What it costs that the elements of a list are matched one by one, against { flat: true }.')
  .option('--documents <count>', 'orders', Number, 100_000)
  .option('--rounds <count>', 'how often each is measured', Number, 5)
  .option('--questions <count>', 'questions of each kind in a round', Number, 60)
  .parse();

await runBench((space) => measure(space, program.opts<Options>()));
