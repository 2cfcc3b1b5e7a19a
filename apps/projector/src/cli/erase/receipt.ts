import type { Left, Traces } from '#projection';
import type { Seen } from '../service-databases.js';
import { formatTable } from '../table.js';
import type { ServiceTraces } from './service-traces.js';

/** One place in which data of the aggregate was looked for. */
export interface Place {
  readonly place: string;
  /** Null when it could not be counted. */
  readonly found: number | null;
  readonly erased: number;
}

/** What was found of an aggregate and what became of it. It holds no data of it. */
export interface Receipt {
  readonly source: string;
  readonly id: string;
  readonly dryRun: boolean;
  /** Nothing is left. */
  readonly complete: boolean;
  readonly places: readonly Place[];
  readonly left: readonly Left[];
  readonly notes: readonly string[];
}

/** What was done, counted; all zero in a dry run. */
export interface Erased {
  readonly copy: number;
  readonly messages: number;
  readonly documentLetters: number;
  readonly unsent: number;
  readonly deadLetters: number;
  readonly answers: number;
}

export const nothingErased: Erased = {
  copy: 0,
  messages: 0,
  documentLetters: 0,
  unsent: 0,
  deadLetters: 0,
  answers: 0,
};

export function placesOf(
  source: string,
  found: Traces,
  service: Seen<ServiceTraces> | null,
  erased: Erased,
  documentsDone: boolean,
): readonly Place[] {
  const documents = found.documents.map(({ generation, documents: count }) => {
    const known = typeof count === 'number' ? count : null;
    return {
      place: `documents of ${generation.indexName} (${generation.state})`,
      found: known,
      erased: documentsDone ? (known ?? 0) : 0,
    };
  });
  const own: readonly Place[] =
    service === null || 'unseen' in service
      ? []
      : [
          { place: `outbox of ${service.service}`, found: service.seen.unsent, erased: erased.unsent },
          {
            place: `dead letters of the outbox of ${service.service}`,
            found: service.seen.deadLetters,
            erased: erased.deadLetters,
          },
          {
            place: `stored answers of ${service.service}`,
            found: service.seen.answers,
            erased: erased.answers,
          },
        ];
  return [
    { place: `copy of ${source}`, found: found.copy ? 1 : 0, erased: erased.copy },
    ...documents,
    { place: 'dead letters: messages', found: found.letters.messages, erased: erased.messages },
    {
      place: 'dead letters: documents that may hold it',
      found: found.letters.documents,
      erased: erased.documentLetters,
    },
    ...own,
  ];
}

export function unseenService(service: Seen<unknown> | null): readonly Left[] {
  if (service === null || !('unseen' in service)) return [];
  return [
    {
      what: `the database of ${service.service}: ${service.unseen}`,
      remedy: 'Name it by its variable, see that it answers, and run the command again.',
    },
  ];
}

export function notesOn(found: Traces, service: Seen<ServiceTraces> | null): readonly string[] {
  const notes: string[] = [];
  if (service === null) notes.push('The source declares no owner, so no service was looked at.');
  else if ('seen' in service && service.seen.ownRows.length > 0)
    notes.push(
      `${service.service} still has rows of this id (${service.seen.ownRows.join(', ')}), which only that service may delete: ` +
        'use its own command. What it publishes of them until then is kept out.',
    );
  if (found.letters.others > 0)
    notes.push(
      `${found.letters.others} dead letters of other aggregates name this id and hold none of its data; they stay.`,
    );
  if (found.erasedAt !== null) notes.push(`It was erased before, on ${found.erasedAt.toISOString()}.`);
  notes.push(
    'Events that are on their way in RabbitMQ are kept out when they arrive. Not reached: backups, logs, the write-ahead ' +
      'log, snapshots that readers hold open, and replaced documents in the segments of Elasticsearch until they are merged.',
  );
  return notes;
}

export function formatReceipt({ source, id, dryRun, complete, places, left, notes }: Receipt): string {
  const head = dryRun
    ? `Found of ${source} ${id}; nothing was changed:`
    : complete
      ? `${source} ${id} is erased.`
      : `${source} ${id} is erased in part. Run the command again when what is left below can be reached.`;
  const rows = places.map(({ place, found, erased }) => [
    place,
    found === null ? '?' : `${found}`,
    dryRun ? '-' : `${erased}`,
  ]);
  return [
    head,
    '',
    formatTable(['WHERE', 'FOUND', 'ERASED'], rows),
    ...(left.length === 0 ? [] : ['', dryRun ? 'Could not be looked at:' : 'Left:']),
    ...left.map(({ what, remedy }) => `- ${what}. ${remedy}`),
    '',
    ...notes,
  ].join('\n');
}
