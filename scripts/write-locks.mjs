// Writes libs/<domain>/src/sources.lock and libs/<domain>/src/views/<view>.lock from what is declared; with --check it
// writes nothing and fails when one is not as it has to be. Reads the built output: run after a build.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { domains } from '#domains';
import { lockFiles } from '#projection';
import { compile, describe } from '#views';

const root = path.dirname(import.meta.dirname);
const check = process.argv.includes('--check');
const folderOf = (domain) => `libs/${domain}/src`;

// A clone that another user owns is refused by git unless it is named safe; only for this one command.
const git = (...args) =>
  execFileSync('git', ['-c', `safe.directory=${root}`, ...args], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
const onDisk = (file) =>
  existsSync(path.join(root, file)) ? readFileSync(path.join(root, file), 'utf8') : null;

function hasHistory() {
  try {
    return git('rev-parse', '--verify', 'HEAD') !== '';
  } catch {
    // An unpacked archive: what was committed is what lies there.
    return false;
  }
}
const committedFiles = hasHistory()
  ? new Set(git('ls-tree', '-r', '-z', '--name-only', 'HEAD').split('\0'))
  : null;
const committed = (domain, name) => {
  const file = `${folderOf(domain)}/${name}`;
  if (committedFiles === null) return onDisk(file);
  return committedFiles.has(file) ? git('show', `HEAD:${file}`) : null;
};

const declared = Object.entries(domains).map(([name, domain]) => ({
  name,
  sources: domain.sources.map((source) => describe(source)),
  views: domain.views.map((view) => ({ plan: compile(view), was: view.options.was ?? null })),
}));
const wanted = new Map(
  lockFiles(declared, committed).map(({ domain, file, text }) => [`${folderOf(domain)}/${file}`, text]),
);
const standing = declared.flatMap(({ name }) =>
  readdirSync(path.join(root, folderOf(name)), { recursive: true })
    .filter((file) => file.endsWith('.lock'))
    .map((file) => `${folderOf(name)}/${file.split(path.sep).join('/')}`),
);
const stale = [...wanted].filter(([file, text]) => onDisk(file) !== text).map(([file]) => file);
const orphans = standing.filter((file) => !wanted.has(file));

if (check) {
  for (const file of stale) console.error(`${file} is not what the declarations make.`);
  for (const file of orphans) console.error(`${file} is of no declared view.`);
  if (stale.length + orphans.length > 0) {
    console.error('Run: npm run views:lock, look at what it says at the head of each file, and commit them.');
    process.exitCode = 1;
  }
} else {
  for (const file of stale) writeFileSync(path.join(root, file), wanted.get(file));
  for (const file of orphans) rmSync(path.join(root, file));
}
for (const [file, text] of wanted) {
  const [change, needs] = ['change', 'needs'].map(
    (name) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1],
  );
  console.log(
    `${file}: ${change}, needs ${needs}${stale.includes(file) ? (check ? ' (stale)' : ' (written)') : ''}`,
  );
}
