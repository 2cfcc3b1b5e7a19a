// npm run new-domain <name>: a lib with two sources, a view over them and its test, registered and ready to run.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { register, writeFiles } from './write.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const usage = 'Usage: npm run new-domain <name>, such as: npm run new-domain library';

const [name, ...rest] = process.argv.slice(2);
const problem = problemWith(name, rest);
if (problem !== undefined) {
  process.stderr.write(`${problem}\n${usage}\n`);
  process.exit(2);
}
const written = [...writeFiles(root, name), ...register(root, name)];
run('prettier', ['--log-level', 'warn', '--write', ...written]);
// The schemas of its events and its locks are checked by tests, so a domain without them would not be ready.
run('npm', ['run', '--silent', 'docs']);
run('npm', ['run', '--silent', 'views:lock']);
process.stdout.write(`
libs/${name} is there and registered in libs/domains. Its test, then the domain in the CLI:

  npm test -- libs/${name}
  npx prejoin views

Then write your own columns in libs/${name}/src/sources.ts, what readers see in libs/${name}/src/views/, and start the
projector and the query API again. How a service in any language publishes: docs/events/README.md.
`);

/** What keeps `given` from becoming a domain, as a sentence; undefined when nothing does. */
function problemWith(given, more) {
  if (given === undefined || more.length > 0) return 'One name is needed.';
  // Sources are called <name>-item, and a source's name has 40 characters at most.
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(given) || given.length > 30)
    return `'${given}' is no name for a domain: use lower-case words joined by hyphens, 30 characters at most.`;
  if (existsSync(join(root, 'libs', given))) {
    const libs = readdirSync(join(root, 'libs')).join(', ');
    return `libs/${given} is there already. Choose a name that is not one of ${libs}.`;
  }
  return undefined;
}

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0)
    throw new Error(`${[command, ...args].join(' ')} failed; the files are written. Run it again by hand.`);
}
