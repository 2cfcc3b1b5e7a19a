/**
 * Refuses committed text that ties the project to one machine or gives something away. Every pattern is tried on an
 * example first (made at run time, so that this file does not refuse itself): a pattern that misses it is a failure.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.dirname(import.meta.dirname);

const refused = [
  {
    what: 'a path of one machine',
    // Homebrew's folder is the same on every Mac that has it, and `node` is the user of the public images.
    pattern:
      /(?<![\w./~$}*:-])\/(?:work(?![\w-])|opt\/(?!homebrew\b)|root\/[\w.]|home\/(?!node\b)\w|Users\/\w)/,
    example: ['see ', 'work', 'main'].join('/'),
  },
  {
    what: 'a download host (name the package or the coordinates; where they come from is the user’s configuration)',
    pattern: /\b(?:registry|repo\d?|artifacts?|artifactory|mirrors?|nexus)\.[a-z0-9-]+\.[a-z]{2,}/,
    example: ['https://registry', 'example', 'org/x'].join('.'),
  },
  {
    what: 'a download address in the lock (.npmrc leaves them out: run npm install with it)',
    pattern: /^\s*"resolved": "https?:/m,
    example: ['  "resolved"', ' "https', '//host/x.tgz"'].join(':'),
  },
  {
    what: 'a secret',
    pattern: /-----BEGIN [A-Z ]*PRIVATE KEY-----|_auth(?:Token)?\s*=|\b(?:npm|ghp|gho|ghs)_[A-Za-z0-9]{36}\b/,
    example: ['//host/:_auth', 'Token', '=abc'].join(''),
  },
  {
    what: 'a conflict marker',
    pattern: /^(?:<{7}|>{7}) /m,
    example: `${'<'.repeat(7)} HEAD`,
  },
];

function committedFiles() {
  // A clone that another user owns is refused by git unless it is named safe; only for this one command.
  const safe = ['-c', `safe.directory=${root}`];
  const list = execFileSync('git', [...safe, 'ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  return list.split('\0').filter((name) => name !== '');
}

function readText(name) {
  try {
    const text = readFileSync(path.join(root, name), 'utf8');
    return text.includes('\0') ? null : text;
  } catch (error) {
    // Deleted in the working tree, not yet in a commit; or a link to a folder.
    if (error.code === 'ENOENT' || error.code === 'EISDIR') return null;
    throw error;
  }
}

const faults = refused
  .filter(({ pattern, example }) => !pattern.test(example))
  .map(({ what, example }) => `the pattern for ${what} misses its own example: ${example}`);

const files = committedFiles();
for (const name of files) {
  const text = readText(name);
  if (text === null) continue;
  for (const { what, pattern } of refused) {
    const match = pattern.exec(text);
    if (match) faults.push(`${name}:${text.slice(0, match.index).split('\n').length}: ${what}`);
  }
}

for (const fault of faults) console.error(fault);
console.log(`${files.length} committed files, ${faults.length} faults`);
if (faults.length > 0 || files.length === 0) process.exitCode = 1;
