import { Command } from 'commander';
import fc from 'fast-check';
import { forPeople } from '#kernel';
import { memoryIndex, type SearchIndex, type SearchRequest, type WriteOperation } from '#search';
import { order, orderPlan } from '#search/testing';
import type { Filter, FilterOp, FilterValue } from '#views';
import { print } from './bench-space.js';

const index = 'orders';
const rounds = 15;
const options = { deadlineMs: 60_000 };

const is = (field: string, op: FilterOp, ...values: FilterValue[]): Filter => ({
  kind: 'condition',
  field,
  op,
  values,
});
const newest: SearchRequest = {
  where: null,
  q: null,
  in: null,
  sort: [{ field: 'placedAt', descending: true, nulls: 'last' }],
  fields: null,
  limit: 20,
  after: null,
  offset: 0,
};
const search = (memory: SearchIndex, request: Partial<SearchRequest>) => (): Promise<unknown> =>
  memory.search(index, orderPlan, { ...newest, ...request }, options);

function questionsOf(memory: SearchIndex): Record<string, () => Promise<unknown>> {
  const oneLine: Filter = {
    kind: 'and',
    of: [is('lines.product.sku', 'eq', 'A'), is('lines.quantity', 'gte', 20)],
  };
  const facet = (field: string) => ({
    name: field,
    where: null,
    facet: { kind: 'values' as const, field, limit: 10, selected: [] },
  });
  return {
    'the newest 20': search(memory, {}),
    'a status and a range': search(memory, {
      where: { kind: 'and', of: [is('status', 'eq', 'pending'), is('total', 'gte', 10)] },
    }),
    'two conditions on one line': search(memory, { where: oneLine }),
    'two words with typos': search(memory, { q: 'lanp mornin', sort: [] }),
    'two facets': search(memory, { limit: 0, facets: [facet('status'), facet('customer.tier')] }),
    'the sum of each month': () =>
      memory.stats(
        index,
        orderPlan,
        {
          where: null,
          q: null,
          in: null,
          by: { kind: 'dates', field: 'placedAt', interval: 'month', zone: 'Europe/Amsterdam' },
          metrics: [{ op: 'sum', field: 'total' }],
          limit: 100,
        },
        options,
      ),
    'ten suggestions': () =>
      memory.suggest(
        index,
        orderPlan,
        { field: 'customer.name', prefix: 'an', where: null, limit: 10 },
        options,
      ),
  };
}

/** How long the index in memory needs for typical questions, once everything that they read has been read before. */
async function measure(documents: number): Promise<void> {
  const memory = memoryIndex();
  await memory.create(index, orderPlan);
  const writes = writesOf(documents);
  const before = heldBytes();
  const written = await timed(() => memory.write(writes, options.deadlineMs));
  print(`${documents} documents written in ${shown(written.wall)}, of CPU ${shown(written.cpu)}`);
  for (const [name, ask] of Object.entries(questionsOf(memory))) {
    const first = await timed(ask);
    const times: Time[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await timed(ask));
    const [wall, cpu] = [median(times.map((time) => time.wall)), median(times.map((time) => time.cpu))];
    print(`${name}: first ${shown(first.wall)}, then p50 ${shown(wall)}, of CPU ${shown(cpu)}`);
  }
  const source = writes.reduce((sum, { body }) => sum + body.length, 0);
  print(`held after all that: ${megabytes(heldBytes() - before)} MB beside ${megabytes(source)} MB of text`);
}

/**
 * Orders of which no two are alike: what is kept once for equal values must not look cheap because a sample repeats. Each
 * customer has a name with a word of its own.
 */
function writesOf(documents: number): readonly (WriteOperation & { readonly body: string })[] {
  const samples = fc.sample(order, { numRuns: Math.min(documents, 5_000), seed: 1 });
  return Array.from({ length: documents }, (_, at) => {
    const { customer, ...sample } = samples[at % samples.length] ?? {};
    const placedAt = new Date(firstOrder + ((at * 7_919) % documents) * 600_123).toISOString();
    const own = { id: `c${at}`, name: `Anna ${ownWord(at)}`, tier: 'gold' };
    const body = JSON.stringify({
      ...{ id: `o${at}`, ...sample, placedAt, total: (at * 104_729) % 250_007 },
      customer: at % 2 === 0 ? own : customer,
    });
    return { kind: 'index', index, id: `o${at}`, revision: 1, body };
  });
}

const firstOrder = Date.parse('2024-11-20T00:00:00Z');

/** Six letters, as good as drawn. */
function ownWord(at: number): string {
  let [word, rest] = ['', (at * 48_271 + 11) % 308_915_776];
  for (; word.length < 6; rest = Math.floor(rest / 26)) word += String.fromCharCode(97 + (rest % 26));
  return word;
}

function heldBytes(): number {
  // Given by --expose-gc, without which garbage would be counted.
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);

/** In milliseconds. On a machine that does other things too, the thread's own time says what a question costs. */
interface Time {
  readonly wall: number;
  readonly cpu: number;
}

async function timed(work: () => Promise<unknown>): Promise<Time> {
  const [began, before] = [performance.now(), process.threadCpuUsage()];
  await work();
  const { user, system } = process.threadCpuUsage(before);
  return { wall: performance.now() - began, cpu: (user + system) / 1_000 };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const shown = (ms: number): string => `${ms.toFixed(1)} ms`;

await new Command('search-memory')
  .description('how fast the index in memory answers')
  .option('--documents <count>', 'documents in the index', Number, 100_000)
  .action(({ documents }: { documents: number }) => measure(documents))
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.stderr.write(`${forPeople(error)}\n`);
    process.exitCode = 1;
  });
