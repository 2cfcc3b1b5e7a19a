import type { Command } from 'commander';
import { audited, pause, pauseKey, readGenerations, resume, type Pausable, type Pause } from '#projection';
import { print } from './output.js';
import { pauseRelays, resumeRelays } from './pause-relays.js';
import { UsageError } from './usage-error.js';
import { withProjection, type CliProjection } from './with-projection.js';

const pauseHelp = `
pause relay stops the relays of all services, or of those that are named, through their databases
(<SERVICE>_DATABASE_URL): commands go on, and their events wait in the outboxes.

What is paused is kept and waits: marks of a view, changed keys of the fan-out. Readers are answered from what is there.
Projectors notice within about a second; a chunk that runs is finished. It stays so over restarts, until it is resumed,
and is shown by status, doctor, the metrics (prejoin_projector_paused) and the log. A rebuild of a paused view is refused. A
view that is called fan-out or relay is view:fan-out or view:relay.

Examples:
  $ npx prejoin pause order-search --reason 'the index moves to other nodes'
  $ npx prejoin pause fan-out
  $ npx prejoin pause relay orders
  $ npx prejoin resume order-search`;

/** `prejoin pause <what>` and `prejoin resume <what>`. */
export function addPauseCommands(program: Command): void {
  program
    .command('pause')
    .argument('<what>', 'a view, fan-out, or relay')
    .argument('[services...]', 'with relay: the services whose relays are meant; all unless told')
    .description(
      'Stop building a view, looking up changed keys, or publishing, until it is resumed; what comes waits.',
    )
    .option('--reason <text>', 'why, for whoever finds it paused')
    .option('--json', 'print JSON')
    .addHelpText('after', pauseHelp)
    .action((what: string, services: readonly string[], { reason, json }: PauseOptions) =>
      withProjection(async (projection) => {
        if (what === 'relay') return pauseRelays(projection, services, { reason: reason ?? null, json });
        refuseServices(what, services);
        const { pause: standing, fresh } = await pauseIt(projection, what, reason ?? null);
        print(json === true ? jsonOf(standing, { fresh }) : pausedSentence(standing, fresh));
      }),
    );
  program
    .command('resume')
    .argument('<what>', 'a view, fan-out, or relay')
    .argument('[services...]', 'with relay: the services whose relays are meant; all unless told')
    .description('Go on with what was paused.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExamples:\n  $ npx prejoin resume order-search\n  $ npx prejoin resume relay')
    .action((what: string, services: readonly string[], { json }: { readonly json?: boolean }) =>
      withProjection(async (projection) => {
        if (what === 'relay') return resumeRelays(projection, services, { json });
        refuseServices(what, services);
        const { what: resumed, ended } = await resumeIt(projection, what);
        const key = pauseKey(resumed);
        if (json === true)
          print(
            ended === null ? JSON.stringify({ what: key, resumed: false }) : jsonOf(ended, { resumed: true }),
          );
        else print(ended === null ? `${key} was not paused.` : resumedSentence(ended));
      }),
    );
}

interface PauseOptions {
  readonly reason?: string;
  readonly json?: boolean;
}

function refuseServices(what: string, services: readonly string[]): void {
  if (services.length > 0)
    throw new UsageError('services_not_meant', `Services go with relay, and '${what}' is not.`, {
      remedy: 'Name one view, fan-out, or relay with services.',
    });
}

async function pauseIt(projection: CliProjection, text: string, reason: string | null) {
  const pool = projection.openPool(2);
  const { logger, operator } = projection;
  const what = await pausableOf(projection, pool, text);
  const by = `${operator.name}@${operator.host}`;
  const entry = { operator, command: 'pause', subject: pauseKey(what), options: { reason } };
  return audited({ pool, logger }, entry, () => pause(pool, what, { by, reason }));
}

async function resumeIt(
  projection: CliProjection,
  text: string,
): Promise<{ readonly what: Pausable; readonly ended: Pause | null }> {
  const pool = projection.openPool(2);
  const { logger, operator } = projection;
  const what = await pausableOf(projection, pool, text);
  const entry = { operator, command: 'resume', subject: pauseKey(what) };
  return { what, ended: await audited({ pool, logger }, entry, () => resume(pool, what)) };
}

class PausableUnknownError extends UsageError {
  constructor(text: string, views: readonly string[]) {
    super('pausable_unknown', `There is no view '${text}' to pause or resume.`, {
      remedy: `What there is: ${[...views, 'fan-out', 'relay'].join(', ')}.`,
    });
  }
}

/** A view that is declared, or that has a generation which another release declares. */
async function pausableOf(
  { declared }: CliProjection,
  pool: ReturnType<CliProjection['openPool']>,
  text: string,
): Promise<Pausable> {
  if (text === 'fan-out') return { kind: 'fan-out' };
  const view = text.replace(/^view:/, '');
  const names = declared.plans.map((plan) => plan.view);
  if (names.includes(view)) return { kind: 'view', view };
  const built = (await readGenerations(pool)).map((generation) => generation.view);
  if (built.includes(view)) return { kind: 'view', view };
  throw new PausableUnknownError(view, [...new Set([...names, ...built])].sort());
}

function pausedSentence(standing: Pause, fresh: boolean): string {
  const { since, by, reason } = standing;
  const key = pauseKey(standing.what);
  const why = reason === null ? '' : `: ${reason}`;
  if (!fresh) return `${key} is paused already, since ${since.toISOString()} by ${by}${why}.`;
  return `${key} is paused${why}. What comes waits until: npx prejoin resume ${key}`;
}

function resumedSentence(ended: Pause): string {
  return `${pauseKey(ended.what)} goes on; it was paused since ${ended.since.toISOString()} by ${ended.by}.`;
}

function jsonOf({ what, since, by, reason }: Pause, more: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ what: pauseKey(what), since, by, reason, ...more });
}
