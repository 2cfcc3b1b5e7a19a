import { Command } from 'commander';
import fc from 'fast-check';
import { forPeople } from '#kernel';
import { memoryIndex, type SearchIndex, type SearchRequest } from '#search';
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
  const samples = fc.sample(order, { numRuns: Math.min(documents, 5_000), seed: 1 });
  const bodies = Array.from({ length: documents }, (_, at) => ({
    kind: 'index' as const,
    index,
    id: `o${at}`,
    revision: 1,
    body: JSON.stringify({ id: `o${at}`, ...samples[at % samples.length] }),
  }));
  const began = performance.now();
  await memory.write(bodies, options.deadlineMs);
  print(`${documents} documents written in ${(performance.now() - began).toFixed(0)} ms`);
  for (const [name, ask] of Object.entries(questionsOf(memory))) {
    const first = await timed(ask);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await timed(ask));
    times.sort((a, b) => a - b);
    print(`${name}: first ${first.toFixed(1)} ms, then p50 ${times[rounds >> 1]?.toFixed(1)} ms`);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

await new Command('search-memory')
  .description('how fast the index in memory answers')
  .option('--documents <count>', 'documents in the index', Number, 100_000)
  .action(({ documents }: { documents: number }) => measure(documents))
  .parseAsync(process.argv)
  .catch((error: unknown) => {
    process.stderr.write(`${forPeople(error)}\n`);
    process.exitCode = 1;
  });
