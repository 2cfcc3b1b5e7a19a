import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureElasticsearch, findJava } from './elasticsearch-distribution.js';
import { launch } from './launch.js';
import type { ServerDriver, ServerReport, StartedServer, StartOptions } from './server.js';
import { assertReachable, giveTo, unprivilegedUser } from './system-users.js';

export const elasticsearchDriver: ServerDriver = {
  name: 'Elasticsearch',
  variable: 'ELASTICSEARCH_URL',
  defaultPort: 9200,
  urlAt: (port) => `http://127.0.0.1:${port}`,
  inspect,
  start,
  stopSignal: 'SIGTERM',
};

async function inspect(url: string): Promise<ServerReport> {
  // Not GET /: the distribution from Maven Central does not have it.
  await getJson(url, '/_cluster/health?wait_for_status=yellow&timeout=1s');
  const { nodes } = (await getJson(url, '/_nodes?filter_path=nodes.*.version')) as {
    nodes: Record<string, { version: string }>;
  };
  const version = Object.values(nodes)[0]?.version ?? 'of unknown version';
  const warnings = /^[89]\./.test(version)
    ? []
    : [`version ${version} is older than Prejoin supports; use 8.19, or set ELASTICSEARCH_URL to another.`];
  return { version, warnings };
}

async function getJson(url: string, path: string): Promise<unknown> {
  // fetch refuses credentials in a URL; they go into a header instead.
  const address = new URL(url);
  const { username, password } = address;
  address.username = address.password = '';
  address.pathname = address.pathname.replace(/\/$/, '');
  const response = await fetch(`${address.href.replace(/\/$/, '')}${path}`, {
    signal: AbortSignal.timeout(5_000),
    headers: username
      ? { authorization: `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}` }
      : {},
  });
  if (!response.ok) throw new Error(`it answers ${response.status} to ${path}`);
  return response.json();
}

/**
 * Without the optimising compiler. That one takes half of the processor's time in the first ten minutes of a server
 * (79 of 160 s, by thread, under tests); a start took 12 s of it instead of 22.
 */
const quickCompiler = ['-XX:TieredStopAtLevel=1'];

async function start(options: StartOptions): Promise<StartedServer> {
  const { folder, port } = options;
  const java = findJava();
  const home = await ensureElasticsearch(options.cacheFolder, options.log);
  const user = unprivilegedUser(['elasticsearch']);
  writeConfiguration(options, home);
  assertReachable(folder, user);
  const parts = ['', 'config', 'data', 'logs', 'tmp'].map((part) => join(folder, part));
  giveTo(
    user,
    ...parts,
    ...['elasticsearch.yml', 'jvm.options', 'log4j2.properties'].map((f) => join(folder, 'config', f)),
  );

  const heap = `${options.heapMb ?? 1024}m`;
  const process = await launch({
    name: 'Elasticsearch',
    command: join(home, 'bin', 'elasticsearch'),
    args: [],
    env: {
      PATH: globalThis.process.env['PATH'],
      HOME: folder,
      // JAVA_HOME is ignored by Elasticsearch.
      ES_JAVA_HOME: java,
      ES_JAVA_OPTS: [`-Xms${heap}`, `-Xmx${heap}`, ...(options.shortLived ? quickCompiler : [])].join(' '),
      // For the launcher, which works out the command line of the server, and then only waits.
      CLI_JAVA_OPTS: quickCompiler.join(' '),
      ES_PATH_CONF: join(folder, 'config'),
      ES_TMPDIR: join(folder, 'tmp'),
    },
    // The JVM writes its gc.log and crash reports to the working folder.
    folder: join(folder, 'logs'),
    logFile: join(folder, 'server.log'),
    user,
    ready: async () => void (await inspect(elasticsearchDriver.urlAt(port))),
    deadlineMs: 180_000,
  });
  return { url: elasticsearchDriver.urlAt(port), process };
}

function writeConfiguration({ folder, port, settings }: StartOptions, home: string): void {
  for (const part of ['config', 'data', 'logs', 'tmp'])
    mkdirSync(join(folder, part), { recursive: true, mode: 0o755 });
  for (const file of ['jvm.options', 'log4j2.properties']) {
    const own = join(folder, 'config', file);
    if (!existsSync(own)) copyFileSync(join(home, 'config', file), own);
  }
  const lines = {
    'cluster.name': 'prejoin',
    'node.name': `prejoin-${port}`,
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': port,
    // Any free port: nothing joins this node.
    'transport.port': '0-0',
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'xpack.security.enabled': false,
    'xpack.ml.enabled': false,
    'node.store.allow_mmap': false,
    // A nearly full development disk would otherwise make every index read-only.
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'action.auto_create_index': false,
    ...settings,
  };
  const yaml = Object.entries(lines).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
  writeFileSync(join(folder, 'config', 'elasticsearch.yml'), yaml.join(''));
}
