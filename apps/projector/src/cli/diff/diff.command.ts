import type { Command } from 'commander';
import { diffView, readGenerations, type Choice, type Generation, type ViewDiff } from '#projection';
import type { Plan } from '#views';
import { print } from '../output.js';
import { wholeNumber } from '../arguments.js';
import { ExitWith } from '../exit-with.js';
import { showPhases } from '../show-phases.js';
import { UsageError } from '../usage-error.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import { formatDiff } from './format-diff.js';

interface DiffCommandOptions {
  readonly sample: number;
  readonly all?: boolean;
  readonly id?: readonly string[];
  readonly json?: boolean;
}

const help = `
Exit codes: 0 the declaration changes nothing; 1 it does, or a document could not be made; 2 it could not be told.

It writes nothing: what a rebuild would add to the copies is done without, which takes longer than a rebuild. What is in
RabbitMQ or not sent yet does not count, and the index server is not asked.

Examples:
  $ npx prejoin diff order-search
  $ npx prejoin diff order-search --all --json >review.json
  $ npx prejoin diff order-search --id 019a3c1e-0000-7000-8000-000000000001`;

export function addDiffCommand(program: Command): void {
  program
    .command('diff')
    .argument('<view>', 'the view, as "prejoin views" lists it')
    .description(
      'Show which documents and fields a rebuild would change: the view as the code declares it, against what is served.',
    )
    .option(
      '--sample <documents>',
      'how many documents are compared, spread over all ids',
      wholeNumber(9_999_999),
      200,
    )
    .option('--all', 'compare all documents')
    .option('--id <id...>', 'compare these documents')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action((view: string, options: DiffCommandOptions) =>
      withProjection((projection) => diff(projection, view, options)),
    );
}

async function diff(projection: CliProjection, view: string, options: DiffCommandOptions): Promise<void> {
  const { declared } = projection;
  const plan = declaredPlan(declared.plans, view);
  const pool = projection.openPool(3);
  const generation = liveOf(await unlessAway(() => readGenerations(pool)), view, declared.renamed);
  const phases = showPhases({ subject: view });
  const found = await unlessAway(() =>
    diffView({
      pool,
      generation,
      plan,
      computes: declared.computes,
      sources: declared.sources,
      choice: choiceOf(options),
      signal: interrupted(),
      onProgress: (done, total) => phases.update({ phase: 'compare', done, total, unit: 'documents' }),
    }),
  ).finally(() => phases.finish());
  const colour = process.stdout.isTTY && !('NO_COLOR' in process.env);
  print(
    options.json === true
      ? JSON.stringify(
          { view, generation: nameOf(generation), declared: plan.fingerprint, ...found },
          null,
          2,
        )
      : formatDiff(view, generation, found, { colour }),
  );
  const code = exitCode(found);
  if (code !== 0) throw new ExitWith(code);
}

/** A plan that is another one needs a rebuild, whatever the documents of today are. */
function exitCode({ samePlan, complete, compared, skipped }: ViewDiff): 0 | 1 | 2 {
  if (samePlan) return 0;
  return !complete || (compared === 0 && skipped.length > 0) ? 2 : 1;
}

/** Without the projection's database nothing can be told; that is no answer to the question. */
async function unlessAway<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new ExitWith(2, error);
  }
}

function declaredPlan(plans: readonly Plan[], view: string): Plan {
  const plan = plans.find((one) => one.view === view);
  if (plan !== undefined) return plan;
  throw new UsageError('view_unknown', `The code declares no view '${view}'.`, {
    remedy: `It declares: ${plans.map((one) => one.view).join(', ')}.`,
  });
}

/** A renamed view is served under its old name until it was rebuilt. */
function liveOf(
  generations: readonly Generation[],
  view: string,
  renamed: ReadonlyMap<string, string>,
): Generation {
  const old = [...renamed].find(([, now]) => now === view)?.[0];
  const live = generations.filter(({ state }) => state === 'live');
  const found = live.find((one) => one.view === view) ?? live.find((one) => one.view === old);
  if (found !== undefined) return found;
  throw new UsageError('view_without_generation', `View ${view} has no live generation to compare with.`, {
    remedy: 'Start a projector: it makes the first one, as the code declares it.',
  });
}

function choiceOf({ sample, all = false, id }: DiffCommandOptions): Choice {
  if (id !== undefined) return { kind: 'ids', ids: id };
  return all ? { kind: 'all' } : { kind: 'sample', count: sample };
}

function nameOf({ view, number, indexName, fingerprint }: Generation): object {
  return { view, number, indexName, fingerprint };
}
