// Sums up a run of .ci/run from the folder that it names: steps.tsv and Jest's tests.json. It writes `reported` there
// when the closing line is out. Plain Node, no dependencies: it must also work when installing them failed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const folder = process.argv[2];
const steps = readFileSync(path.join(folder, 'steps.tsv'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => line.split('\t'))
  .map(([name, code, seconds]) => ({ name, code: Number(code), seconds: Number(seconds) }));

/** What the tests came to, with a sentence for each failure that is not simply a failed test. */
function countTests({ code }) {
  const file = path.join(folder, 'tests.json');
  if (!existsSync(file))
    return { passed: 0, failed: 1, notes: [`the tests gave no result (exit code ${code})`], slowest: [] };
  const run = JSON.parse(readFileSync(file, 'utf8'));
  const extra = [
    [run.numPendingTests, 'skipped, or left out by a focused test'],
    [run.numTodoTests, 'to be written'],
    [run.numRuntimeErrorTestSuites, 'test files that could not run'],
    [run.numTotalTests === 0 ? 1 : 0, 'no test ran'],
  ].filter(([count]) => count > 0);
  let failed = extra.reduce((sum, [count]) => sum + count, run.numFailedTests);
  const notes = extra.map(([count, what]) => `${count}: ${what}`);
  if (code !== 0 && failed === 0) {
    // Such as a teardown that failed, a handle that kept the process alive past its deadline, a crash at the end.
    failed = 1;
    notes.push(`all tests passed, yet the test command ended with exit code ${code}`);
  }
  return { passed: run.numPassedTests, failed, notes, slowest: slowestFiles(run) };
}

function slowestFiles({ testResults }) {
  return testResults
    .map(({ name, startTime, endTime }) => ({
      name: path.relative(process.cwd(), name),
      ms: endTime - startTime,
    }))
    .sort((a, b) => b.ms - a.ms)
    .slice(0, 10);
}

const tests = countTests(steps.find(({ name }) => name === 'tests'));
const checks = steps.filter(({ name }) => name !== 'tests');
const passed = tests.passed + checks.filter(({ code }) => code === 0).length;
const failed = tests.failed + checks.filter(({ code }) => code !== 0).length;

if (tests.slowest.length > 0) {
  console.log('\nSlowest test files');
  for (const { name, ms } of tests.slowest) console.log(`  ${(ms / 1000).toFixed(1).padStart(6)} s  ${name}`);
}
console.log('\nSteps');
console.log(
  `  ${tests.failed === 0 ? 'passed' : 'FAILED'}  tests: ${tests.passed} passed, ${tests.failed} failed`,
);
for (const note of tests.notes) console.log(`          ${note}`);
for (const { name, code, seconds } of checks) {
  console.log(
    `  ${code === 0 ? 'passed' : 'FAILED'}  ${name}${code === 124 ? ' (deadline passed)' : ''}, ${seconds} s`,
  );
}
console.log(`\n${passed} passed, ${failed} failed`);
writeFileSync(path.join(folder, 'reported'), '');
process.exitCode = failed === 0 && tests.passed > 0 ? 0 : 1;
