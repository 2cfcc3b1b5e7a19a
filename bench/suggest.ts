import { Command } from 'commander';
import { cpus } from 'node:os';
import { silentLogger, sleep } from '#kernel';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { quantile } from './appearance.js';
import { print, runBench, type BenchSpace } from './bench-space.js';
import { startQueryApiProcess } from './query-api-process.js';
import { median } from './harness/statistics.js';
import { scattered } from './scattered.js';
import { customerOf, fillSmallOrders, writeSmallOrders } from './small-orders.js';

interface Options {
  readonly documents: number;
  readonly customers: number;
  readonly writes: number;
  readonly rounds: number;
  readonly questions: number;
}

/** Each at random, so that one is seldom asked twice. */
const prefixes: Readonly<Record<string, (at: number, name: string) => string>> = {
  'nothing typed': () => '',
  'one letter': (at) => 'abcdefnop'[at % 9] ?? 'a',
  'two letters': (_, name) => name.slice(0, 2),
  'a first name': (_, name) => name.split(' ')[0] ?? '',
  'the start of a last name': (_, name) => (name.split(' ')[1] ?? '').slice(0, 3),
  'nearly a whole name': (_, name) => name.slice(0, -1),
  'what nobody has': (at) => `zz${at}`,
};
const fields = ['customer.name', 'customer.city'];

async function measure(
  space: BenchSpace,
  { documents, customers, writes, rounds, questions }: Options,
): Promise<void> {
  const index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
  try {
    const name = await fillSmallOrders({ index, indexPrefix: space.indexPrefix, documents, customers });
    const api = await startQueryApiProcess(space);
    const writer = keepWriting(index, name, { documents, customers, perSecond: writes });
    try {
      const counts = namesOf(documents, customers);
      print(
        `${documents} orders of ${counts.size} customers, ${rounds} rounds of ${questions} questions, one after the other, beside ${writes} writes a second, ${cpus().length} cores`,
      );
      for (const field of fields)
        for (const [kind, prefixOf] of Object.entries(prefixes)) {
          const ask = async (at: number): Promise<number> => {
            const prefix = prefixOf(at, nameAt(at, documents, customers));
            const query = new URLSearchParams({ field, ...(prefix === '' ? {} : { prefix }), limit: '10' });
            const begun = performance.now();
            const answer = await fetch(`${api.url}/views/order-search/_suggest?${query.toString()}`);
            const { data } = (await answer.json()) as { data: readonly Suggestion[] };
            const took = performance.now() - begun;
            if (field === 'customer.name') check(data, prefix, counts);
            return took;
          };
          for (let at = 0; at < questions; at += 1) await ask(-1 - at);
          const perRound: number[][] = [];
          for (let round = 0; round < rounds; round += 1) {
            const times: number[] = [];
            for (let at = 0; at < questions; at += 1) times.push(await ask(round * questions + at));
            perRound.push(times);
          }
          const p50s = perRound.map((times) => quantile(times, 0.5));
          const p99 = quantile(perRound.flat(), 0.99);
          print(
            `${field}, ${kind}: p50 ${median(p50s).toFixed(1)} ms (${Math.min(...p50s).toFixed(1)} to ${Math.max(...p50s).toFixed(1)}), p99 ${p99.toFixed(1)} ms`,
          );
        }
    } finally {
      await writer.stop();
      await api.stop();
    }
  } finally {
    await index.close();
  }
}

interface Writing {
  readonly documents: number;
  readonly customers: number;
  readonly perSecond: number;
}

/**
 * Writes orders again as they are, so that right answers stay the same and Elasticsearch can not give old ones: its cache
 * of whole answers, and what it knows of a field, hold until a write becomes visible.
 */
function keepWriting(
  index: SearchIndex,
  name: string,
  { documents, customers, perSecond }: Writing,
): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const writing = (async () => {
    for (let second = 0; !stopping.signal.aborted && perSecond > 0; second += 1) {
      const from = (second * perSecond) % (documents - perSecond);
      await writeSmallOrders(index, name, { from, count: perSecond, customers }, 2 + second);
      await sleep(1_000, stopping.signal);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await writing;
    },
  };
}

interface Suggestion {
  readonly value: string;
  readonly count: number;
}

/** The name of some order's customer. */
function nameAt(at: number, documents: number, customers: number): string {
  return customerOf(scattered(at + 1_000_000, documents), customers).name;
}

/** How many orders each name has. */
function namesOf(documents: number, customers: number): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (let at = 0; at < documents; at += 1) {
    const { name } = customerOf(at, customers);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** The most frequent names of which the whole or a word begins so, as loops over all of them find them. */
function check(data: readonly Suggestion[], prefix: string, counts: ReadonlyMap<string, number>): void {
  const start = prefix.toLowerCase();
  const begins = (value: string): boolean =>
    value.toLowerCase().startsWith(start) ||
    value.split(' ').some((word) => word.toLowerCase().startsWith(start));
  const right = [...counts]
    .filter(([value]) => begins(value))
    .sort(([a, some], [b, others]) => others - some || (a < b ? -1 : 1))
    .slice(0, 10)
    .map(([value, count]) => ({ value, count }));
  if (JSON.stringify(data) !== JSON.stringify(right))
    throw new Error(`'${prefix}' suggests ${JSON.stringify(data)} instead of ${JSON.stringify(right)}`);
}

const program = new Command('npm run bench:suggest --')
  .description('How fast the query API suggests values, as who types sees it.')
  .option('--documents <count>', 'orders', Number, 100_000)
  .option('--customers <count>', 'whose names they have', Number, 20_000)
  .option('--writes <count>', 'orders that are written each second meanwhile', Number, 100)
  .option('--rounds <count>', 'how often each is measured', Number, 5)
  .option('--questions <count>', 'questions of each kind in a round', Number, 60)
  .parse();

await runBench((space) => measure(space, program.opts<Options>()));
