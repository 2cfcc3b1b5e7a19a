import type { Command } from 'commander';
import { quantity } from '../arguments.js';
import { visible } from '../dead-letters/visible.js';
import { ExitWith } from '../exit-with.js';
import { formatTable } from '../table.js';
import { withProjection } from '../with-projection.js';
import { diagnose } from './diagnose.js';
import { exitCodeOf, type Finding } from './finding.js';

const help = `
One line for each thing that was looked at: ok, warn, fail; unknown where it could not be looked at; skip where nothing
here says where it is. Below those that are not well stands what to do. docs/operations.md says what each line means.
It changes nothing anywhere, and works with any server away.

Exit codes:
  0  all is well
  1  something is not (warn or fail)
  2  nothing wrong was found, and something could not be looked at

Examples:
  $ npx prejoin doctor
  $ npx prejoin doctor --patience 60 --json
  $ npx prejoin doctor --bad`;

interface DoctorOptions {
  readonly json?: boolean;
  readonly bad?: boolean;
  readonly patience: number;
}

/** `prejoin doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Look at every server, setting and process that the rules need, and say what to do.')
    .option(
      '--patience <seconds>',
      'how long marks, keys and events may wait before it is wrong',
      quantity('seconds', { least: 1, most: 86_400 }),
      300,
    )
    .option('--bad', 'print only what is not well')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(({ json, bad, patience }: DoctorOptions) =>
      withProjection(async (projection) => {
        const findings = await diagnose(projection, { patienceSeconds: patience });
        const shown =
          bad === true ? findings.filter(({ verdict }) => verdict !== 'ok' && verdict !== 'skip') : findings;
        const exitCode = exitCodeOf(findings);
        process.stdout.write(
          `${json === true ? JSON.stringify({ exitCode, findings: shown }, null, 2) : formatFindings(shown)}\n`,
        );
        if (exitCode !== 0) throw new ExitWith(exitCode);
      }),
    );
}

/** A line for each finding, and the remedy on a line of its own below it. */
export function formatFindings(findings: readonly Finding[]): string {
  if (findings.length === 0) return 'All is well.';
  const lines = formatTable(
    ['STATE', 'WHAT', 'FINDING'],
    findings.map(({ verdict, what, finding }) => [verdict, what, visible(finding)]),
  ).split('\n');
  const [heading = '', ...rows] = lines;
  return [
    heading,
    ...rows.flatMap((row, at) => {
      const remedy = findings[at]?.remedy ?? null;
      return remedy === null ? [row] : [row, `         → ${visible(remedy)}`];
    }),
  ].join('\n');
}
