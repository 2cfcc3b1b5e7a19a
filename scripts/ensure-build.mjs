// Compiles when a source is newer than the last build. Run by npm scripts and by Jest's global set-up.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folders = ['apps', 'libs', 'stack', 'demo', 'bench'];
const stamp = join(root, 'dist', '.built');

/**
 * tsc writes its output also when types do not fit, so that one unfinished part does not stop the work on the others;
 * where CI is set, faults end the build.
 *
 * @param relevant the folders whose changes call for a build, for callers that use a part of the output only
 */
export function ensureBuild(log = (line) => process.stderr.write(`${line}\n`), relevant = folders) {
  if (isFresh(relevant)) return;
  // Two compilers at once would let a third process import a file that is half written.
  const release = lockBuild();
  try {
    if (!isFresh(relevant)) compile(log);
  } finally {
    release();
  }
}

function isFresh(relevant) {
  return existsSync(stamp) && Number(readFileSync(stamp, 'utf8')) >= newestSource(relevant);
}

function compile(log) {
  const begin = performance.now();
  const newest = newestSource(folders);
  removeOrphans();
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (result.error !== undefined) throw result.error;
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  if (result.status === 0) {
    log(`Built in ${seconds} s`);
  } else {
    log(`${result.stdout}${result.stderr}The build has faults (${seconds} s).`);
    if (process.env.CI) throw new Error('the build has faults');
  }
  // The newest source that was seen before compiling: what changed meanwhile is compiled next time.
  writeFileSync(stamp, String(newest));
}

function lockBuild() {
  const lock = join(root, 'dist', '.building');
  mkdirSync(dirname(lock), { recursive: true });
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return () => rmSync(lock, { force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  }
}

function isAbandoned(lock) {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Empty for the moment between its creation and its content.
    if (pid > 0) process.kill(pid, 0);
    return false;
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    if (error.code === 'ESRCH') return true;
    throw error;
  }
}

/** When the newest source was changed, in milliseconds. */
function newestSource(relevant) {
  const configs = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
  const sources = relevant
    .flatMap((folder) => filesIn(join(root, folder)))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'));
  return Math.max(...[...configs.map((name) => join(root, name)), ...sources].map((path) => mtime(path)));
}

/** A file may vanish between the listing and the look. */
function mtime(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Output of a source that was deleted or renamed would still be imported. */
function removeOrphans() {
  for (const path of folders.flatMap((folder) => filesIn(join(root, 'dist', folder)))) {
    const source = join(root, path.slice(join(root, 'dist').length)).replace(/\.js(\.map)?$/, '.ts');
    if (/\.js(\.map)?$/.test(path) && !existsSync(source)) rmSync(path, { force: true });
  }
}

function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureBuild();
