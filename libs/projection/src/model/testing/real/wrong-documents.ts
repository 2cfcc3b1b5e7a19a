import { readGenerations, type Generation } from '../../../generations/generation.js';
import { differences, type Pipeline } from '../../../testing/pipeline.js';
import { compile } from '#views';
import { idsOf } from '../commands.js';
import type { Shop, SourceName } from '../domain.js';
import type { Naive } from '../naive.js';
import { modelViews } from '../views.js';

/** Which documents under this prefix are not what the shop's rows make, in all generations that are kept current. */
export async function wrongDocuments(
  pipeline: Pipeline,
  shop: Shop,
  prefix: string,
): Promise<readonly string[]> {
  const generations = await readGenerations(pipeline.pool('read'));
  const wanted = generations.flatMap(({ indexName, plan }) =>
    idsOf(plan.root as SourceName).map((id) => ({ _index: indexName, _id: `${prefix}${id}` })),
  );
  const response = await fetch(`${pipeline.space.elasticsearchUrl}/_mget`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ docs: wanted }),
  });
  // By id and not by search, which would need a refresh of every index; ids are few and known.
  const { docs } = (await response.json()) as { docs: readonly Found[] };
  return generations.flatMap((generation) => {
    const actual = docs
      .filter((document) => document._index === generation.indexName && document.found === true)
      .map((document): [string, string] => [document._id, JSON.stringify(document._source)]);
    const expected = naiveOf(generation)(shop).map((made): [string, string] => [
      made.id,
      JSON.stringify(made),
    ]);
    return differences(new Map(actual), new Map(expected)).map((text) => `${generation.indexName}: ${text}`);
  });
}

interface Found {
  readonly _index: string;
  readonly _id: string;
  readonly found?: boolean;
  readonly _source?: unknown;
}

function naiveOf({ view, fingerprint }: Generation): Naive {
  const modelled = modelViews.find(({ name }) => name === view);
  if (modelled === undefined) throw new Error(`The model has no view '${view}'.`);
  return compile(modelled.declared).fingerprint === fingerprint ? modelled.naive : modelled.next.naive;
}
