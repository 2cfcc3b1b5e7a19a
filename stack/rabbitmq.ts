import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import amqp from 'amqplib';
import { StackError } from './errors.js';
import { freePort, launch } from './launch.js';
import type { ServerDriver, ServerReport, StartedServer, StartOptions } from './server.js';
import { assertReachable, giveTo, unprivilegedUser } from './system-users.js';

export const rabbitmqDriver: ServerDriver = {
  name: 'RabbitMQ',
  variable: 'RABBITMQ_URL',
  defaultPort: 5672,
  urlAt: (port) => `amqp://guest:guest@127.0.0.1:${port}`,
  inspect,
  start,
  stopSignal: 'SIGTERM',
};

async function inspect(url: string): Promise<ServerReport> {
  const connection = await amqp.connect(url, { timeout: 10_000 });
  const { version } = connection.connection.serverProperties;
  await connection.close();
  return { version, warnings: [] };
}

async function start(options: StartOptions): Promise<StartedServer> {
  const program = serverProgram();
  const user = unprivilegedUser(['rabbitmq']);
  const { folder, port } = options;
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  writeFileSync(
    join(folder, 'rabbitmq.conf'),
    'log.console = true\nlog.file = false\ndisk_free_limit.absolute = 50MB\n',
  );
  writeFileSync(join(folder, 'enabled_plugins'), '[].\n');
  giveTo(user, folder);
  assertReachable(folder, user);

  const process = await launch({
    name: 'RabbitMQ',
    command: program,
    args: [],
    env: environment(folder, port, await freePort()),
    folder,
    logFile: join(folder, 'server.log'),
    user,
    ready: async () => void (await inspect(rabbitmqDriver.urlAt(port))),
    deadlineMs: 120_000,
  });
  return { url: rabbitmqDriver.urlAt(port), process };
}

/** Everything that would otherwise be shared with a RabbitMQ that is installed on the same machine. */
function environment(folder: string, port: number, distributionPort: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    // Where the Erlang cookie is made.
    HOME: folder,
    LANG: 'C.UTF-8',
    // The data belongs to the node's name, and the port may be another at the next start.
    RABBITMQ_NODENAME: `${nodeName(folder)}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // Only used when no epmd runs yet; ours would then listen to the loopback interface alone.
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_MNESIA_DIR: join(folder, 'mnesia', 'node'),
    RABBITMQ_PID_FILE: join(folder, 'rabbitmq.pid'),
    RABBITMQ_CONFIG_FILE: join(folder, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(folder, 'config'),
    RABBITMQ_SCHEMA_DIR: join(folder, 'schema'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    // The start script then becomes the Erlang VM instead of waiting for it, so that our pid is the broker's.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

/** One per data folder, so that several installations on a machine do not meet in its epmd. */
export function nodeName(folder: string): string {
  return `prejoin-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}`;
}

function serverProgram(): string {
  // Debian's wrapper on the PATH insists on the user rabbitmq and its log folder; the script behind it does not.
  const folders = [
    '/usr/lib/rabbitmq/bin',
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/opt/homebrew/sbin',
  ];
  const program = [...folders, '/usr/local/sbin', '/usr/sbin']
    .map((folder) => join(folder, 'rabbitmq-server'))
    .find(existsSync);
  if (program !== undefined) return program;
  throw new StackError(
    'RabbitMQ is not to be had: set RABBITMQ_URL to one that runs, start one on 127.0.0.1:5672, or install it ' +
      '(apt-get install rabbitmq-server, brew install rabbitmq).',
  );
}
