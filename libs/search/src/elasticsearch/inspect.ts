import { SearchRefusedError } from '../errors.js';
import { connect, type Answer, type Connection } from './connection.js';
import { failure, serverError } from './failure.js';
import { diskStages, type DiskStage, type Disk } from './watermarks.js';

export interface InspectedCluster {
  readonly status: 'green' | 'yellow' | 'red';
  readonly unassignedShards: number;
  /** Of each node, without repetition. */
  readonly versions: readonly string[];
  readonly disks: readonly InspectedDisk[];
  /** Whether the watermarks are watched at all. */
  readonly watermarks: boolean;
  /** Whether it asks who is there, and whether it speaks HTTPS; null when it does not tell. */
  readonly security: boolean | null;
  /** Descriptions of blocks on the whole cluster. */
  readonly blocks: readonly string[];
}

export interface InspectedDisk extends Disk {
  readonly node: string;
  readonly stage: DiskStage;
}

export interface InspectedIndex {
  readonly name: string;
  readonly open: boolean;
  readonly health: 'green' | 'yellow' | 'red' | null;
  /** `read_only_allow_delete`, `write`, … */
  readonly blocks: readonly string[];
  readonly refreshInterval: string | null;
  readonly gcDeletes: string | null;
  readonly durability: string | null;
  readonly aliases: readonly string[];
}

/** Looks at a server without changing anything on it; every question fails by itself, within the deadline. */
export interface Inspector {
  cluster(): Promise<InspectedCluster>;
  /** All indices whose name begins with `prefix`, closed ones too. */
  indices(prefix: string): Promise<readonly InspectedIndex[]>;
  close(): Promise<void>;
}

/** @throws nothing; each question throws {SearchUnavailableError}, {SearchTimeoutError} or {SearchRefusedError} */
export function inspectElasticsearch(node: string, deadlineMs: number): Inspector {
  const connection = connect(node, deadlineMs);
  const get = <T>(path: string): Promise<T> => ask<T>(connection, path, deadlineMs);
  return {
    cluster: () => inspectCluster(get),
    indices: (prefix) => inspectIndices(get, prefix),
    close: () => connection.close(),
  };
}

type Get = <T>(path: string) => Promise<T>;

async function ask<T>(connection: Connection, path: string, deadlineMs: number): Promise<T> {
  const answer: Answer = await connection.ask({ method: 'GET', path, deadlineMs });
  if (answer.status === 200) return JSON.parse(answer.text) as T;
  if (answer.status === 401 || answer.status === 403)
    throw new SearchRefusedError(answer.status, serverError(answer).reason, {
      remedy:
        'Give the user of ELASTICSEARCH_URL the cluster privilege monitor, and view_index_metadata on the indices.',
    });
  throw failure(answer, '*', deadlineMs);
}

type Health = {
  readonly status: InspectedCluster['status'];
  readonly unassigned_shards: number;
};
type Nodes = {
  readonly nodes?: Readonly<Record<string, { readonly name: string; readonly version: string }>>;
};
type Stats = {
  readonly nodes?: Readonly<
    Record<
      string,
      {
        readonly name: string;
        readonly fs?: {
          readonly total?: { readonly total_in_bytes: number; readonly available_in_bytes: number };
        };
      }
    >
  >;
};
type Settings = Readonly<
  Record<'persistent' | 'transient' | 'defaults', Readonly<Record<string, string>> | undefined>
>;
type Blocks = {
  readonly blocks?: { readonly global?: Readonly<Record<string, { readonly description: string }>> };
};

async function inspectCluster(get: Get): Promise<InspectedCluster> {
  const [health, nodes, stats, settings, blocks] = await Promise.all([
    get<Health>('/_cluster/health?filter_path=status,unassigned_shards'),
    get<Nodes>('/_nodes?filter_path=nodes.*.version,nodes.*.name'),
    get<Stats>('/_nodes/stats/fs?filter_path=nodes.*.name,nodes.*.fs.total'),
    get<Settings>(
      '/_cluster/settings?include_defaults=true&flat_settings=true&filter_path=*.cluster.routing.allocation.disk*,*.xpack.security.*',
    ),
    get<Blocks>('/_cluster/state/blocks?filter_path=blocks.global'),
  ]);
  const setting = (name: string): string | undefined =>
    settings.transient?.[name] ?? settings.persistent?.[name] ?? settings.defaults?.[name];
  const stage = diskStages(setting);
  const security = setting('xpack.security.enabled');
  return {
    status: health.status,
    unassignedShards: health.unassigned_shards,
    versions: [...new Set(Object.values(nodes.nodes ?? {}).map(({ version }) => version))].sort(),
    disks: Object.values(stats.nodes ?? {}).flatMap(({ name, fs }) => {
      const disk = { total: fs?.total?.total_in_bytes ?? 0, available: fs?.total?.available_in_bytes ?? 0 };
      return disk.total === 0 ? [] : [{ node: name, ...disk, stage: stage(disk) }];
    }),
    watermarks: setting('cluster.routing.allocation.disk.threshold_enabled') !== 'false',
    security: security === undefined ? null : security === 'true',
    blocks: Object.values(blocks.blocks?.global ?? {}).map(({ description }) => description),
  };
}

type IndexSettings = Readonly<Record<string, { readonly settings: Readonly<Record<string, string>> }>>;
type Aliases = Readonly<Record<string, { readonly aliases: Readonly<Record<string, unknown>> }>>;
type Listed = readonly {
  readonly index: string;
  readonly status: string;
  readonly health: InspectedIndex['health'] | '';
}[];

async function inspectIndices(get: Get, prefix: string): Promise<readonly InspectedIndex[]> {
  const pattern = `${encodeURIComponent(prefix)}*`;
  const [listed, settings, aliases] = await Promise.all([
    get<Listed>(`/_cat/indices/${pattern}?format=json&h=index,status,health&expand_wildcards=all`),
    get<IndexSettings>(`/${pattern}/_settings?flat_settings=true&expand_wildcards=all`),
    get<Aliases>(`/${pattern}/_alias?expand_wildcards=all`),
  ]);
  return listed
    .map(({ index, status, health }) => {
      const of = settings[index]?.settings ?? {};
      return {
        name: index,
        open: status === 'open',
        health: health === '' ? null : health,
        blocks: Object.entries(of).flatMap(([name, value]) =>
          name.startsWith('index.blocks.') && value === 'true' ? [name.slice('index.blocks.'.length)] : [],
        ),
        refreshInterval: of['index.refresh_interval'] ?? null,
        gcDeletes: of['index.gc_deletes'] ?? null,
        durability: of['index.translog.durability'] ?? null,
        aliases: Object.keys(aliases[index]?.aliases ?? {}),
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
