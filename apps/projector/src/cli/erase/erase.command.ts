import type { Command } from 'commander';
import { sources } from '#domains';
import { audited, eraseAggregate, findTraces, noBuildMetrics, type EraseOptions } from '#projection';
import { confirmName } from '../confirm.js';
import { ExitWith } from '../exit-with.js';
import { SourceUnknownError } from '../resync/errors.js';
import { showPhases } from '../show-phases.js';
import { UsageError } from '../usage-error.js';
import { interrupted, withProjection, type CliProjection } from '../with-projection.js';
import {
  formatReceipt,
  notesOn,
  nothingErased,
  placesOf,
  unseenService,
  type Erased,
  type Receipt,
} from './receipt.js';
import { eraseInService, findInService } from './service-traces.js';

export interface EraseCommandOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

const help = `
Exit codes: 0 nothing is left; 1 something is left, which is told with its remedy: run the command again; 2 bad use.

It runs beside projectors, and builds the documents itself when none runs. It can be stopped and run again. The row of the
owning service is not touched: delete it there first. The audit keeps who erased which id, and no data.

Examples:
  $ npx prejoin erase customer 019a3c1e-0000-7000-8000-000000000001 --dry-run
  $ npx prejoin erase customer 019a3c1e-0000-7000-8000-000000000001 --yes --json >receipt.json`;

export function addEraseCommand(program: Command): void {
  program
    .command('erase')
    .argument('<source>', 'the source, as "customer"')
    .argument('<id>', 'the id of the aggregate')
    .description(
      'Remove the data of one aggregate from copies, documents, dead letters and outbox, for good, and print where it was.',
    )
    .option('--dry-run', 'only look where it is')
    .option('--yes', 'do not ask for the id to be typed')
    .option('--json', 'print the receipt as JSON')
    .addHelpText('after', help)
    .action((source: string, id: string, options: EraseCommandOptions) =>
      withProjection((projection) => eraseOne(projection, source, id, options)),
    );
}

async function eraseOne(
  projection: CliProjection,
  source: string,
  id: string,
  { dryRun = false, yes = false, json = false }: EraseCommandOptions,
): Promise<void> {
  const declared = sources.find(({ name }) => name === source);
  if (declared === undefined)
    throw new SourceUnknownError(
      source,
      sources.map(({ name }) => name),
    );
  refuseBadId(id);
  const about: About = { source, id, owner: declared.owner ?? null };
  if (dryRun) return print(await look(projection, about), json);
  await confirmName({
    question: `This removes the data of ${source} ${id} from everything that is projected, and can not be taken back.`,
    name: id,
    yes,
  });
  const pool = projection.openPool(4);
  const entry = { operator: projection.operator, command: 'erase', subject: `${source} ${id}` };
  const receipt = await audited({ pool, logger: projection.logger }, entry, () =>
    erase(projection, pool, about),
  );
  print(receipt, json);
}

/** As the copies have them; any other id no event can have. */
function refuseBadId(id: string): void {
  const bytes = Buffer.byteLength(id);
  if (bytes > 0 && bytes <= 128 && !id.startsWith('_') && !id.includes('\0')) return;
  throw new UsageError('id_invalid', `'${id}' can be no id of an aggregate.`, {
    remedy: 'An id has 1 to 128 bytes and does not begin with "_".',
  });
}

interface About {
  readonly source: string;
  readonly id: string;
  readonly owner: string | null;
}

async function look(projection: CliProjection, { source, id, owner }: About): Promise<Receipt> {
  const names = projection.declared.sources.map(({ name }) => name);
  const found = await findTraces({ pool: projection.openPool(2), source, id, sources: names });
  const service = owner === null ? null : await findInService({ service: owner, source, id });
  const left = unseenService(service);
  return {
    source,
    id,
    dryRun: true,
    complete: left.length === 0,
    places: placesOf(source, found, service, nothingErased, false),
    left,
    notes: notesOn(found, service),
  };
}

async function erase(
  projection: CliProjection,
  pool: EraseOptions['pool'],
  { source, id, owner }: About,
): Promise<Receipt> {
  const { config, declared, index, logger } = projection;
  const signal = interrupted();
  const phases = showPhases({ subject: `${source} ${id}` });
  const { found, lettersDeleted, left } = await eraseAggregate({
    pool,
    claimPool: projection.openPool(2),
    index,
    computes: declared.computes,
    deadlineMs: config.BUILD_DEADLINE_MS,
    logger,
    metrics: noBuildMetrics,
    source,
    id,
    sources: declared.sources.map(({ name }) => name),
    signal,
    // On standard error in any case: standard output is the receipt alone, for whoever files it.
    onProgress: (phase, done, total) =>
      phases.update({ phase, done, total, unit: phase === 'documents' ? 'documents' : 'tables' }),
  }).finally(() => phases.finish());
  const service = owner === null ? null : await eraseInService({ service: owner, source, id }, signal);
  const seen = service === null || 'unseen' in service ? null : service.seen;
  const erased: Erased = {
    copy: found.copy ? 1 : 0,
    messages: lettersDeleted.messages,
    documentLetters: lettersDeleted.documents,
    ...(seen?.deleted ?? { unsent: 0, deadLetters: 0, answers: 0 }),
  };
  const traces =
    service === null || 'unseen' in service
      ? service
      : { service: service.service, seen: service.seen.found };
  const everything = [...left, ...unseenService(service), ...(seen?.left ?? [])];
  return {
    source,
    id,
    dryRun: false,
    complete: everything.length === 0,
    places: placesOf(source, found, traces, erased, left.length === 0),
    left: everything,
    notes: notesOn(found, traces),
  };
}

function print(receipt: Receipt, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(receipt, null, 2) : formatReceipt(receipt)}\n`);
  if (!receipt.complete) throw new ExitWith(receipt.dryRun ? 2 : 1);
}
