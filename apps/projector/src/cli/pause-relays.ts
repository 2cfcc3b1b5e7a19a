import { pauseRelay, readRelayControl, resumeRelay, type RelayPause } from '#outbox';
import { audited } from '#projection';
import { ExitWith } from './exit-with.js';
import { inEachService, serviceDatabases, type Seen } from './service-databases.js';
import { formatTable } from './table.js';
import { UsageError } from './usage-error.js';
import type { CliProjection } from './with-projection.js';

class ServiceUnknownError extends UsageError {
  constructor(unknown: readonly string[], known: readonly string[]) {
    super('service_unknown', `There is no service ${unknown.join(', ')}.`, {
      remedy: `The services are: ${known.join(', ')}.`,
    });
  }
}

interface Outcome {
  readonly state: 'paused' | 'paused already' | 'resumed' | 'not paused';
  readonly pause: RelayPause | null;
}

/** Pauses the relays of the services' outboxes, each in its own database. The reason stands in the audit. */
export function pauseRelays(
  projection: CliProjection,
  services: readonly string[],
  { reason, json }: { readonly reason: string | null; readonly json: boolean | undefined },
): Promise<void> {
  const by = `${projection.operator.name}@${projection.operator.host}`;
  return inChosen(projection, { command: 'pause', services, options: { reason }, json }, async (pool) => {
    const standing = await readRelayControl(pool);
    const pause = await pauseRelay(pool, by);
    return { state: standing === null ? 'paused' : 'paused already', pause };
  });
}

/** Lets them go on. */
export function resumeRelays(
  projection: CliProjection,
  services: readonly string[],
  { json }: { readonly json: boolean | undefined },
): Promise<void> {
  return inChosen(projection, { command: 'resume', services, options: {}, json }, async (pool) => {
    const pause = await resumeRelay(pool);
    return { state: pause === null ? 'not paused' : 'resumed', pause };
  });
}

interface Asked {
  readonly command: 'pause' | 'resume';
  readonly services: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean | undefined;
}

/** A service that could not be asked is told beside the others, and makes the exit code 2. */
async function inChosen(
  projection: CliProjection,
  { command, services, options, json }: Asked,
  work: Parameters<typeof inEachService<Outcome>>[0],
): Promise<void> {
  const all = serviceDatabases();
  const known = all.map(({ service }) => service);
  const unknown = services.filter((service) => !known.includes(service));
  if (unknown.length > 0) throw new ServiceUnknownError(unknown, known);
  const databases = services.length === 0 ? all : all.filter(({ service }) => services.includes(service));
  const { logger, operator } = projection;
  const subject = services.length === 0 ? 'relay' : `relay ${services.join(' ')}`;
  const outcomes = await audited(
    { pool: projection.openPool(1), logger },
    { operator, command, subject, options },
    () => inEachService(work, { databases }),
  );
  process.stdout.write(`${json === true ? JSON.stringify(outcomes.map(plain)) : table(outcomes)}\n`);
  if (outcomes.some((one) => !('seen' in one))) throw new ExitWith(2);
}

function plain(one: Seen<Outcome>): object {
  const { service } = one;
  if (!('seen' in one)) return { service, unseen: one.unseen };
  const { state, pause } = one.seen;
  return { service, state, since: pause?.since ?? null, by: pause?.by ?? null };
}

function table(outcomes: readonly Seen<Outcome>[]): string {
  const rows = outcomes.map((one) => {
    if (!('seen' in one)) return [one.service, 'not reached', one.unseen];
    const { state, pause } = one.seen;
    return [one.service, state, pause === null ? '' : `since ${pause.since.toISOString()} by ${pause.by}`];
  });
  return formatTable(['RELAY OF', 'STATE', ''], rows);
}
