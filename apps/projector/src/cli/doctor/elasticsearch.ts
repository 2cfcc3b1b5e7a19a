import { aliasName, type Generation } from '#projection';
import { inspectElasticsearch, type InspectedCluster, type InspectedIndex } from '#search';
import { fail, ok, skip, unknown, warn, type Finding } from './finding.js';
import { runChecks, type Check } from './run-checks.js';
import type { Scene } from './scene.js';

const remedy = 'Check ELASTICSEARCH_URL and that the server runs.';
const OLDEST = [8, 19] as const;

/** The cluster and our indices on it. */
export async function elasticsearchFindings(scene: Scene): Promise<readonly Finding[]> {
  const inspector = inspectElasticsearch(scene.projection.config.ELASTICSEARCH_URL, scene.deadlineMs);
  const indices: Check = {
    what: 'Elasticsearch: indices',
    remedy,
    run: async () => checkIndices(scene, await inspector.indices(scene.projection.config.INDEX_PREFIX)),
  };
  const cluster: Check = {
    what: 'Elasticsearch: reached',
    remedy,
    run: async () => checkCluster(await inspector.cluster()),
  };
  try {
    return await runChecks([cluster, indices], scene.deadlineMs + 1_000);
  } finally {
    await inspector.close();
  }
}

function checkCluster(cluster: InspectedCluster): readonly Finding[] {
  return [version(cluster), health(cluster), disks(cluster), blocks(cluster), security(cluster)];
}

function version({ versions }: InspectedCluster): Finding {
  const what = 'Elasticsearch: reached';
  const found = versions.length === 0 ? 'it does not tell its version' : `version ${versions.join(', ')}`;
  const old = versions.some((one) => {
    const [major = 0, minor = 0] = one.split('.').map(Number);
    return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
  });
  return old
    ? fail(what, found, `Upgrade the cluster: ${OLDEST.join('.')} is the oldest that works.`)
    : versions.length === 0
      ? unknown(what, found, 'Give the user of ELASTICSEARCH_URL the cluster privilege monitor.')
      : ok(what, found);
}

function health({ status, unassignedShards }: InspectedCluster): Finding {
  const what = 'Elasticsearch: health';
  const finding = `${status}, ${unassignedShards} shards unassigned`;
  if (status === 'green') return ok(what, finding);
  const advice = 'See GET /_cluster/allocation/explain for the reason that a shard has no place.';
  return status === 'red' ? fail(what, finding, advice) : warn(what, finding, advice);
}

function disks({ disks: all, watermarks }: InspectedCluster): Finding {
  const what = 'Elasticsearch: disks';
  const free = all
    .map(({ node, available, total }) => `${node} ${Math.round((100 * available) / total)} % free`)
    .join(', ');
  if (!watermarks) return ok(what, `${free}; the cluster watches no watermarks`);
  const reached = all.filter(({ stage }) => stage !== 'below');
  if (reached.length === 0) return ok(what, `${free}, below the watermarks`);
  const finding = reached
    .map(({ node, stage }) => `${node} is above the ${stage.replace('_', '-')} watermark`)
    .join(', ');
  const advice =
    'Free disk space or add nodes. At the flood stage indices become read-only, and open again by themselves when there is space.';
  return reached.some(({ stage }) => stage !== 'low')
    ? fail(what, finding, advice)
    : warn(what, finding, advice);
}

function blocks({ blocks: all }: InspectedCluster): Finding {
  const what = 'Elasticsearch: cluster blocks';
  return all.length === 0
    ? ok(what, 'none')
    : fail(
        what,
        all.join(', '),
        'Take the block off the cluster (cluster.blocks.*), or let it recover: nothing is written meanwhile.',
      );
}

function security({ security: on }: InspectedCluster): Finding {
  const what = 'Elasticsearch: security';
  if (on === null) return skip(what, 'it does not tell');
  return on
    ? ok(what, 'who asks has to say who they are')
    : skip(
        what,
        'off: everybody who reaches the server may read and delete; turn on xpack.security outside of development',
      );
}

async function checkIndices(scene: Scene, indices: readonly InspectedIndex[]): Promise<readonly Finding[]> {
  const { generations, projection } = scene;
  const prefix = projection.config.INDEX_PREFIX;
  const built = await generations();
  const views = await knownViews(scene, built);
  const ours = indices.filter(({ name }) => views.some((view) => isOfView(name, prefix, view)));
  const known = new Map(built.map((generation) => [generation.indexName, generation]));
  const findings = [
    ...built.flatMap((generation) =>
      faultsOf(
        generation,
        indices.find(({ name }) => name === generation.indexName),
      ),
    ),
    ...built.filter(({ state }) => state === 'live').flatMap((live) => aliasFault(live, prefix, indices)),
    ...ours.filter(({ name }) => !known.has(name)).map(orphan),
  ];
  return findings.length > 0
    ? findings
    : [ok('Elasticsearch: indices', `${built.length}, open, writable and known; aliases at the live ones`)];
}

/** Retired generations count: what they left behind is an orphan. */
async function knownViews(
  { pool, projection }: Scene,
  built: readonly Generation[],
): Promise<readonly string[]> {
  const { rows } = await pool.query<{ view: string }>('SELECT DISTINCT view FROM generation');
  const names = [...rows, ...built, ...projection.declared.plans].map(({ view }) => view);
  return [...new Set(names)];
}

/** By whole name, since the prefix may be empty and other installations on the same cluster have theirs. */
function isOfView(name: string, prefix: string, view: string): boolean {
  const start = `${prefix}${view}.`;
  return name.startsWith(start) && /^[0-9a-f]+\.\d+$/.test(name.slice(start.length));
}

function faultsOf({ indexName, view }: Generation, index: InspectedIndex | undefined): readonly Finding[] {
  const what = `Elasticsearch: ${indexName}`;
  if (index === undefined)
    return [fail(what, 'the index is not there', `Build it anew: npx prejoin rebuild ${view}`)];
  if (!index.open)
    return [
      fail(
        what,
        'the index is closed',
        `POST /${indexName}/_open, and building goes on by itself; then: npx prejoin verify ${view}`,
      ),
    ];
  const findings: Finding[] = [];
  if (index.blocks.length > 0)
    findings.push(
      fail(
        what,
        `blocked: ${index.blocks.join(', ')}`,
        index.blocks.includes('read_only_allow_delete')
          ? 'Free disk space: the block goes by itself below the high watermark. Marks wait meanwhile.'
          : `Set index.blocks.* of ${indexName} to null. Marks wait meanwhile.`,
      ),
    );
  if (index.health === 'red')
    findings.push(fail(what, 'a primary shard is unassigned', 'See GET /_cluster/allocation/explain.'));
  const unset = [
    ...(index.gcDeletes === '1h' ? [] : [`index.gc_deletes is ${index.gcDeletes ?? '60s'}, not 1h`]),
    ...(index.durability === 'async' ? ['index.translog.durability is async'] : []),
    ...(index.refreshInterval === '-1' ? ['index.refresh_interval is -1: nothing new is found'] : []),
  ];
  if (unset.length > 0)
    findings.push(
      warn(
        what,
        unset.join('; '),
        'Set them back; what was deleted or written meanwhile: npx prejoin verify ' + view,
      ),
    );
  return findings;
}

function aliasFault(
  { view, indexName }: Generation,
  prefix: string,
  indices: readonly InspectedIndex[],
): readonly Finding[] {
  const alias = aliasName(prefix, view);
  const targets = indices.filter(({ aliases }) => aliases.includes(alias)).map(({ name }) => name);
  if (targets.length === 1 && targets[0] === indexName) return [];
  return [
    fail(
      `Elasticsearch: alias ${alias}`,
      targets.length === 0
        ? 'it points nowhere'
        : `it points at ${targets.join(', ')} instead of ${indexName}`,
      'A projector puts it right at its start: restart one.',
    ),
  ];
}

function orphan({ name }: InspectedIndex): Finding {
  return warn(
    `Elasticsearch: ${name}`,
    'no generation knows this index',
    `It was left behind, or another projection has the same INDEX_PREFIX. If nobody uses it: DELETE /${name}`,
  );
}
