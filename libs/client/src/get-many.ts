import type { AnyView } from '#views';
import type { Batch, Freshness } from './answers.js';
import { readJson, type ReadOptions, type ViewReads } from './transport.js';

/** The most ids that the server takes at once. */
const most = 100;

export async function getMany<V extends AnyView>(
  { transport, name }: ViewReads,
  ids: readonly string[],
  options: ReadOptions,
): Promise<Batch<V>> {
  const asked = [...new Set(ids)];
  const batches: Batch<V>[] = [];
  for (let at = 0; at === 0 || at < asked.length; at += most) {
    const read = {
      view: name,
      by: 'ids' as const,
      path: '/_batch',
      body: { ids: asked.slice(at, at + most) },
    };
    batches.push(await transport.read(read, options, (response) => readJson<Batch<V>>(response)));
  }
  return {
    data: batches.flatMap(({ data }) => data),
    missing: batches.flatMap(({ missing }) => missing),
    freshness: batches.map(({ freshness }) => freshness).reduce(leastFresh),
  };
}

/** What can be said of answers together: the longest lag, and included only when each of them is. */
function leastFresh(one: Freshness, other: Freshness): Freshness {
  const lagMs = one.lagMs === null || other.lagMs === null ? null : Math.max(one.lagMs, other.lagMs);
  const said = [one.after, other.after];
  // A later batch is not asked to wait again for what an earlier one had.
  if (said.includes('timeout')) return { lagMs, after: 'timeout' };
  return said.includes('included') ? { lagMs, after: 'included' } : { lagMs };
}
