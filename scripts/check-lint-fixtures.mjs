/**
 * Proves that our lint rules fire. Every rule of a config block named `prejoin/…` needs a fixture folder
 * lint-fixtures/eslint/<rule>/, laid out like the project since rules apply by path. In it, exactly the lines that end
 * in `// refused` must be reported, and by this rule only.
 */
import { readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { ESLint } from 'eslint';
import config from '../eslint.config.js';

const fixtures = path.join(path.dirname(import.meta.dirname), 'lint-fixtures', 'eslint');

const isOff = (setting) => ['off', 0].includes(Array.isArray(setting) ? setting[0] : setting);

const rules = new Set(
  config
    .filter(({ name }) => name?.startsWith('prejoin/'))
    .flatMap((block) => Object.entries(block.rules ?? {}))
    .filter(([, setting]) => !isOff(setting))
    .map(([rule]) => rule),
);

/** Limits on length: a fixture of 400 lines would be a file that nobody reads, so these are made here. */
const generated = {
  'max-lines': { within: statements(400), beyond: statements(401) },
  'max-lines-per-function': {
    within: `export function f() {\n${statements(78)}}\n`,
    beyond: `export function f() {\n${statements(79)}}\n`,
  },
};

function statements(count) {
  return 'void 0;\n'.repeat(count);
}

/** The linter as it is configured for the project, with `folder` in the place of the project's root. */
function linterFor(folder) {
  return new ESLint({ cwd: folder, overrideConfigFile: true, overrideConfig: config });
}

async function faultsOfLimit(rule, { within, beyond }) {
  // The text is plain JavaScript under a name that the type-aware parser does not look up; only the limit is of interest.
  const setting = config.find(({ name }) => name === 'prejoin/typescript').rules[rule];
  const linter = new ESLint({ overrideConfigFile: true, overrideConfig: { rules: { [rule]: setting } } });
  const fires = async (text) =>
    (await linter.lintText(text))[0].messages.some(({ ruleId }) => ruleId === rule);
  return [
    ...((await fires(within)) ? [`${rule}: refuses what is within its limit`] : []),
    ...((await fires(beyond)) ? [] : [`${rule}: does not refuse what is beyond its limit`]),
  ];
}

function markedLines(text) {
  return text.split('\n').flatMap((line, at) => (line.endsWith('// refused') ? [at + 1] : []));
}

async function faultsOfFile(rule, linter, folder, file) {
  const marked = markedLines(await readFile(path.join(folder, file), 'utf8'));
  const [{ messages }] = await linter.lintFiles([file]);
  const reported = new Set(messages.filter(({ ruleId }) => ruleId === rule).map(({ line }) => line));
  const faults = [
    ...marked.filter((line) => !reported.has(line)).map((line) => `${rule}: did not refuse ${file}:${line}`),
    ...messages
      .filter(({ ruleId, line }) => ruleId !== rule || !marked.includes(line))
      .map(
        ({ ruleId, line, message }) =>
          `${rule}: ${ruleId} refused ${file}:${line} (${message}), which is not marked`,
      ),
  ];
  return { faults, marked: marked.length };
}

async function faultsOfFixture(rule) {
  if (rule in generated) return faultsOfLimit(rule, generated[rule]);
  const folder = path.join(fixtures, ...rule.split('/'));
  if (!existsSync(folder)) return [`${rule}: has no fixture in lint-fixtures/eslint/${rule}/`];
  const files = (await readdir(folder, { recursive: true }))
    .filter((file) => /\.(ts|mjs)$/.test(file))
    .sort();
  const linter = linterFor(folder);
  const results = [];
  for (const file of files) results.push(await faultsOfFile(rule, linter, folder, file));
  const marked = results.reduce((sum, result) => sum + result.marked, 0);
  return [
    ...results.flatMap((result) => result.faults),
    ...(marked === 0 ? [`${rule}: no line of its fixture is marked`] : []),
  ];
}

const faults = [];
for (const rule of rules) faults.push(...(await faultsOfFixture(rule)));
for (const fault of faults) console.error(fault);
console.log(`${rules.size} lint rules, ${faults.length} faults in their fixtures`);
if (faults.length > 0 || rules.size === 0) process.exitCode = 1;
