import type { Command } from 'commander';
import { PrejoinError } from '#kernel';
import { audited, dropView, readGenerations } from '#projection';
import { confirmName } from './confirm.js';
import { withProjection, type CliProjection } from './with-projection.js';

/** The code declares the view, so that a projector would build it anew at its next start. */
class ViewDeclaredError extends PrejoinError {
  constructor(view: string) {
    super('view_declared', `View ${view} is declared.`, {
      remedy:
        'Take it out of its domain first, and bring that release out: only what nobody declares can be dropped.',
    });
  }
}

const help = `
What was built of a view stays, and is served, when the code declares it no more: another release may still read it.

Example:
  $ npx prejoin drop-view orders-of-old`;

/** `prejoin drop-view <view>`. */
export function addDropViewCommand(program: Command): void {
  program
    .command('drop-view')
    .argument('<view>', 'a view that no code declares any more, under its former name')
    .description('Drop the indices and generations of a view that was removed or renamed.')
    .option('--yes', 'do not ask for the name')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((view: string, options: DropViewOptions) =>
      withProjection(async (projection) => {
        const dropped = await dropUndeclared(projection, view, options.yes ?? false);
        process.stdout.write(
          `${options.json === true ? JSON.stringify({ view, dropped }) : formatDropped(view, dropped)}\n`,
        );
      }),
    );
}

interface DropViewOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Drops what was built of a view that is not declared any more; answers the names of its indices. */
async function dropUndeclared(
  projection: CliProjection,
  view: string,
  yes: boolean,
): Promise<readonly string[]> {
  const { declared, index, logger, operator } = projection;
  if (declared.plans.some((plan) => plan.view === view)) throw new ViewDeclaredError(view);
  const pool = projection.openPool(4);
  const built = (await readGenerations(pool, view)).map(({ indexName }) => indexName);
  if (built.length === 0) return [];
  await confirmName({
    question: `This drops ${built.join(', ')}, which readers of ${view} have.`,
    name: view,
    yes,
  });
  return audited({ pool, logger }, { operator, command: 'drop-view', subject: view }, () =>
    dropView({ pool, index, logger }, view),
  );
}

function formatDropped(view: string, dropped: readonly string[]): string {
  return dropped.length === 0 ? `Nothing was built of a view ${view}.` : `Dropped: ${dropped.join(', ')}.`;
}
