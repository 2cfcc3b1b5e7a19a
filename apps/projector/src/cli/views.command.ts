import type { Command } from 'commander';
import type { Plan } from '#views';
import { declaredViews } from '../views.js';
import { formatTable } from './table.js';

const help = `
Examples:
  $ npx prejoin views
  $ npx prejoin views --json`;

/** `prejoin views`. */
export function addViewsCommand(program: Command): void {
  program
    .command('views')
    .description('List the views that the code declares; asks no server.')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((options: { readonly json?: boolean }) => void process.stdout.write(`${listViews(options)}\n`));
}

/** The views that the code declares; asks no server. */
function listViews({ json }: { readonly json?: boolean }): string {
  const views = declaredViews().plans.map(describeView);
  if (json === true) return JSON.stringify(views, null, 2);
  return formatTable(
    ['VIEW', 'ROOT', 'FINGERPRINT', 'JOINS'],
    views.map((view) => [view.view, view.root, view.fingerprint, view.joins.join(', ') || '-']),
  );
}

function describeView({ view, root, fingerprint, levels }: Plan) {
  return { view, root, fingerprint, joins: levels.flatMap((level) => (level.id === '' ? [] : [level.id])) };
}
