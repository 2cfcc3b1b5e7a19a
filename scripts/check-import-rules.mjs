/**
 * Checks the import rules of .dependency-cruiser.mjs on the tree, and the rules themselves on their fixtures.
 *
 * A fixture is lint-fixtures/imports/<rule>/: a few files that are laid over the small lawful tree in _tree/. In it,
 * exactly the files named breaks*.ts must be reported, and only by that rule: a rule that never fires guards nothing,
 * and one that fires on lawful imports gets switched off. The overlay is made in a temporary folder with the real
 * package.json, so that `#kernel` and npm packages resolve there as they do in the project.
 */
import { cp, mkdtemp, readdir, realpath, rm, symlink } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cruise } from 'dependency-cruiser';
import configuration from '../.dependency-cruiser.mjs';

const root = path.dirname(import.meta.dirname);
const fixtures = path.join(root, 'lint-fixtures', 'imports');
const lawfulTree = '_tree';
const folders = ['apps', 'libs', 'stack', 'demo', 'bench'];

/** All violations in `baseDir`, as rule, importing file and imported file. */
async function violationsIn(baseDir) {
  const present = folders.filter((folder) => existsSync(path.join(baseDir, folder)));
  const ruleSet = { forbidden: configuration.forbidden };
  const options = { ...configuration.options, baseDir, ruleSet, validate: true };
  const { output } = await cruise(present, options, {
    ...configuration.options.enhancedResolveOptions,
    // Without it a linked node_modules resolves to its real place, outside the folder that the patterns speak of.
    symlinks: false,
  });
  const found = output.summary.violations.flatMap(({ rule, from, to, cycle }) =>
    // A cycle is reported once, from one of its files; it is the fault of each.
    cycle
      ? cycle.map(({ name }, at) => ({ rule: rule.name, from: cycle.at(at - 1).name, to: name }))
      : [{ rule: rule.name, from, to }],
  );
  return { found, modules: output.modules.length };
}

async function violationsOfFixture(name) {
  const folder = await mkdtemp(path.join(await realpath(tmpdir()), 'prejoin-imports-'));
  try {
    await cp(path.join(fixtures, lawfulTree), folder, { recursive: true });
    if (name !== lawfulTree) await cp(path.join(fixtures, name), folder, { recursive: true });
    await cp(path.join(root, 'package.json'), path.join(folder, 'package.json'));
    await symlink(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
    return (await violationsIn(folder)).found;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function filesThatBreak(name) {
  const entries = await readdir(path.join(fixtures, name), { recursive: true });
  return entries.filter((entry) => /^breaks.*\.ts$/.test(path.basename(entry))).sort();
}

/** What is wrong with one rule's fixture, as sentences. */
async function faultsOfFixture(name) {
  if (!existsSync(path.join(fixtures, name)))
    return [`${name}: has no fixture in lint-fixtures/imports/${name}/`];
  const expected = await filesThatBreak(name);
  const found = await violationsOfFixture(name);
  const reported = new Set(found.filter(({ rule }) => rule === name).map(({ from }) => from));
  return [
    ...(expected.length === 0 ? [`${name}: its fixture has no file breaks*.ts`] : []),
    ...expected.filter((file) => !reported.has(file)).map((file) => `${name}: did not report ${file}`),
    ...found
      .filter(({ rule, from }) => rule !== name || !expected.includes(from))
      .map(
        ({ rule, from, to }) =>
          `${name}: ${rule} reported ${from} → ${to}, which is not what this fixture is for`,
      ),
  ];
}

async function faultsOfAllFixtures() {
  const rules = configuration.forbidden.map(({ name }) => name);
  const strays = (await readdir(fixtures)).filter((name) => name !== lawfulTree && !rules.includes(name));
  const faults = strays.map((name) => `lint-fixtures/imports/${name}/ belongs to no rule`);
  const lawful = await violationsOfFixture(lawfulTree);
  faults.push(...lawful.map(({ rule, from, to }) => `${rule} reported the lawful import ${from} → ${to}`));
  for (const name of rules) faults.push(...(await faultsOfFixture(name)));
  return { faults, rules: rules.length };
}

const comments = new Map(configuration.forbidden.map(({ name, comment }) => [name, comment]));
const tree = await violationsIn(root);
for (const { rule, from, to } of tree.found)
  console.error(`${from} → ${to}\n  ${rule}: ${comments.get(rule)}`);
if (tree.modules === 0) console.error('no module was found: the check looked at nothing');

if (tree.found.length > 0) console.error('');

const { faults, rules } = await faultsOfAllFixtures();
for (const fault of faults) console.error(fault);

console.log(
  `${tree.modules} modules, ${tree.found.length} violations; ${rules} rules, ${faults.length} faults in their fixtures`,
);
if (tree.found.length > 0 || faults.length > 0 || tree.modules === 0) process.exitCode = 1;
