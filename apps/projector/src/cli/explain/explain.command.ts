import type { Command } from 'commander';
import { messageOf, PrejoinError } from '#kernel';
import { aliasName, explainDocument, readGenerations, type Explanation, type Generation } from '#projection';
import { print } from '../output.js';
import { ExitWith } from '../exit-with.js';
import { UsageError } from '../usage-error.js';
import { withProjection, type CliProjection } from '../with-projection.js';
import { formatExplanation, type Told } from './format-explanation.js';

interface ExplainCommandOptions {
  readonly json?: boolean;
  readonly full?: boolean;
}

const help = `
Exit codes: 0 the index holds what it should, be it a document or none; 1 it does not, or nothing is known of the id; 2 it
could not be told.

Events that a service has not sent, or that wait in RabbitMQ, are not seen: see "status".

Examples:
  $ npx prejoin explain order-search 019a3c1e-0000-7000-8000-000000000001
  $ npx prejoin explain order-search 019a3c1e-0000-7000-8000-000000000001 --json | jq .parts`;

export function addExplainCommand(program: Command): void {
  program
    .command('explain')
    .argument('<view>', 'the view, as "prejoin views" lists it')
    .argument('<id>', 'the id of the document, which is its root’s')
    .description(
      'Show where a document comes from: each part with its version and times, what waits, what was refused, and whether it is as it should be.',
    )
    .option('--full', 'print the document itself as well')
    .option('--json', 'print JSON, the document with it')
    .addHelpText('after', help)
    .action((view: string, id: string, options: ExplainCommandOptions) =>
      withProjection((projection) => explain(projection, view, id, options)),
    );
}

async function explain(
  projection: CliProjection,
  view: string,
  id: string,
  { json = false, full = false }: ExplainCommandOptions,
): Promise<void> {
  const pool = projection.openPool(2);
  const generation = await liveOr(projection, view, () => readGenerations(pool));
  if ('unseen' in generation) return tellIndexOnly(projection, view, id, generation.unseen, json);
  const { index, declared } = projection;
  const explanation = await explainDocument({ pool, index, computes: declared.computes, generation, id });
  const told: Told = { view, id, generation, explanation };
  print(
    json
      ? JSON.stringify(jsonOf(told), null, 2)
      : formatExplanation(told, { colour: process.stdout.isTTY && !('NO_COLOR' in process.env), full }),
  );
  const code = exitCode(explanation);
  if (code !== 0) throw new ExitWith(code);
}

/** An id that nobody knows has no document, rightly; whoever asks for it expects one all the same. */
function exitCode({ verdict, expected }: Explanation): 0 | 1 | 2 {
  if (verdict === 'unknown') return 2;
  const unknownId = expected.kind === 'none' && expected.why.kind === 'no_root';
  return verdict === 'equal' && !unknownId ? 0 : 1;
}

class NoDocumentsError extends UsageError {}

async function liveOr(
  { declared }: CliProjection,
  view: string,
  read: () => Promise<readonly Generation[]>,
): Promise<Generation | { readonly unseen: string }> {
  let generations: readonly Generation[];
  try {
    generations = await read();
  } catch (error) {
    return { unseen: messageOf(error) };
  }
  const live = generations.find((one) => one.view === view && one.state === 'live');
  if (live !== undefined) return live;
  const isDeclared = declared.plans.some((plan) => plan.view === view);
  throw new NoDocumentsError(
    isDeclared ? 'view_without_generation' : 'view_unknown',
    isDeclared ? `View ${view} has no live generation yet.` : `There is no view '${view}'.`,
    {
      remedy: isDeclared
        ? 'Start a projector: it makes the first one.'
        : `The views are: ${[...new Set([...declared.plans, ...generations].map((one) => one.view))].join(', ')}.`,
    },
  );
}

/** Without the projection's database nobody can say what should be there; what is there can still be shown. */
async function tellIndexOnly(
  { index, config }: CliProjection,
  view: string,
  id: string,
  unseen: string,
  json: boolean,
): Promise<never> {
  const reason = `The projection database could not be asked, so what the document should be is not known: ${unseen}`;
  const alias = aliasName(config.INDEX_PREFIX, view);
  const found = await index
    .get(alias, id, { deadlineMs: 10_000 })
    .catch((error: unknown) => ({ failed: messageOf(error) }));
  const indexed =
    found === null
      ? { kind: 'none' }
      : 'failed' in found
        ? { kind: 'unknown', reason: found.failed }
        : { kind: 'document', revision: found.revision, document: JSON.parse(found.source) as unknown };
  if (json) print(JSON.stringify({ view, id, verdict: 'unknown', reason, indexed }, null, 2));
  else print([reason, `${alias} ${id}:`, JSON.stringify(indexed, null, 2)].join('\n'));
  throw new ExitWith(2, new PrejoinError('explain_unknown', reason));
}

function jsonOf({ view, id, generation, explanation }: Told): object {
  const { number, indexName, stopped } = generation;
  return { view, id, generation: { number, indexName, stopped }, ...explanation };
}
