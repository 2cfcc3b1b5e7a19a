import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StackError } from './errors.js';
import { withLock } from './lock.js';

const version = '8.19.21';
const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`;
const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';

const ways =
  'set ELASTICSEARCH_URL to an Elasticsearch 8.19 that runs, start one on 127.0.0.1:9200, or install Maven (mvn) and ' +
  'Java 17 or newer so that Prejoin can fetch one from Maven Central';

/**
 * The home of an Elasticsearch that is shared by all instances, fetched and unpacked on first use. Maven Central has the
 * distribution under a name for integration tests; the usual downloads need another host and hold a JDK besides.
 * @returns a folder that is only read; instances keep configuration and data elsewhere
 */
export async function ensureElasticsearch(cacheFolder: string, log: (line: string) => void): Promise<string> {
  const home = join(cacheFolder, `elasticsearch-${version}`);
  if (existsSync(home)) return home;
  mkdirSync(cacheFolder, { recursive: true });
  return withLock(join(cacheFolder, 'elasticsearch.lock'), log, () => {
    if (!existsSync(home)) makeHome(cacheFolder, home, log);
    return home;
  });
}

function makeHome(cacheFolder: string, home: string, log: (line: string) => void): void {
  const work = mkdtempSync(join(cacheFolder, 'unpacking-'));
  try {
    const zip = join(cacheFolder, `elasticsearch-${version}.zip`);
    if (!existsSync(zip)) fetchZip(work, zip, log);
    unpack(zip, work);
    const unpacked = join(work, `elasticsearch-${version}`);
    // Not every unzip keeps the permissions.
    for (const program of readdirSync(join(unpacked, 'bin')))
      chmodSync(join(unpacked, 'bin', program), 0o755);
    // Last and at once, so that a home that exists is whole.
    renameSync(unpacked, home);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function fetchZip(work: string, zip: string, log: (line: string) => void): void {
  log(`Elasticsearch: fetching ${version} from Maven Central (107 MB, once)`);
  const result = run('mvn', [
    '-q',
    '-B',
    `${plugin}:copy`,
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${work}`,
  ]);
  if (result === 'absent')
    throw new StackError(`Elasticsearch is not to be had, since mvn is not installed: ${ways}.`);
  if (result !== undefined)
    throw new StackError(`Elasticsearch could not be fetched by mvn (${result}): ${ways}.`);
  renameSync(join(work, `elasticsearch-${version}.zip`), zip);
}

/** Unpacks with the first program that is there; Maven itself is the last, since it fetches the archive again. */
function unpack(zip: string, into: string): void {
  const programs: readonly (readonly [string, readonly string[]])[] = [
    ['unzip', ['-q', '-o', zip]],
    [join(findJava(), 'bin', 'jar'), ['xf', zip]],
    ['jar', ['xf', zip]],
    ['python3', ['-m', 'zipfile', '-e', zip, '.']],
    ['bsdtar', ['-xf', zip]],
    ['mvn', ['-q', '-B', `${plugin}:unpack`, `-Dartifact=${artifact}`, `-DoutputDirectory=${into}`]],
  ];
  const faults: string[] = [];
  for (const [command, args] of programs) {
    const result = run(command, args, into);
    if (result === undefined) return;
    if (result !== 'absent') faults.push(`${command}: ${result}`);
  }
  throw new StackError(
    `${zip} could not be unpacked (${faults.join('; ') || 'no program for it is installed'}): install unzip, a JDK's jar or python3, ` +
      'or delete the file so that it is fetched again.',
  );
}

/** Undefined when it went well, `absent` when there is no such program, else what it said last. */
function run(command: string, args: readonly string[], cwd?: string): string | undefined {
  const result = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (result.error !== undefined) {
    return (result.error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : result.error.message;
  }
  if (result.status === 0) return undefined;
  return `${result.stdout}\n${result.stderr}`.trim().split('\n').at(-1) || `exit code ${result.status}`;
}

/** The home of a Java 17 or newer: of ES_JAVA_HOME, JAVA_HOME, or the `java` on the PATH. */
export function findJava(): string {
  const homes = [process.env['ES_JAVA_HOME'], process.env['JAVA_HOME']];
  const tried: string[] = [];
  for (const java of [...homes.flatMap((home) => (home ? [join(home, 'bin', 'java')] : [])), 'java']) {
    const { stderr, error } = spawnSync(java, ['-XshowSettings:properties', '-version'], {
      encoding: 'utf8',
    });
    const home = / java\.home = (.+)/.exec(stderr ?? '')?.[1]?.trim();
    const major = Number(/ java\.specification\.version = (\d+)/.exec(stderr ?? '')?.[1]);
    if (home !== undefined && major >= 17) return home;
    if (error === undefined) tried.push(`${java} is Java ${major || 'of unknown version'}`);
  }
  throw new StackError(
    `Elasticsearch needs Java 17 or newer (${tried.join(', ') || 'no java was found'}): ${ways}.`,
  );
}
