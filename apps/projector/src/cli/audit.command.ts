import type { Command } from 'commander';
import { readAudit, type AuditRecord } from '#projection';
import { wholeNumber } from './arguments.js';
import { formatTable } from './table.js';
import { withProjection } from './with-projection.js';

const help = `
Every command that changes something leaves a row before it begins and notes how it ended. One without an outcome runs
still, or was killed.

Examples:
  $ npx prejoin audit
  $ npx prejoin audit --limit 1000 --json`;

/** `prejoin audit`. */
export function addAuditCommand(program: Command): void {
  program
    .command('audit')
    .description('Show who changed what from the command line, the newest first.')
    .option('--limit <rows>', 'how many at most', wholeNumber(999_999), 50)
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(({ limit, json }: { readonly limit: number; readonly json?: boolean }) =>
      withProjection(async (projection) => {
        const records = await readAudit(projection.openPool(1), limit);
        process.stdout.write(`${json === true ? JSON.stringify(records, null, 2) : formatAudit(records)}\n`);
      }),
    );
}

function formatAudit(records: readonly AuditRecord[]): string {
  if (records.length === 0) return 'Nothing was changed from the command line yet.';
  const rows = records.map((one) => [
    one.begunAt.toISOString(),
    `${one.operator}@${one.host}`,
    one.environment,
    one.command,
    one.subject,
    one.outcome ?? 'no end',
    one.detail?.split('\n', 1)[0] ?? '',
  ]);
  return formatTable(['WHEN', 'WHO', 'ENVIRONMENT', 'COMMAND', 'SUBJECT', 'OUTCOME', 'DETAIL'], rows);
}
