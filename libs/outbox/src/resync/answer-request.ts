import { messageOf, PrejoinError } from '#kernel';
import type { ResyncRequest, ServiceAnswer, ServiceRequest } from '#messaging';
import type { DataSource } from 'typeorm';
import { answerComparing } from '../checksum/answer-comparing.js';
import { hasSqlState, inTransaction } from '../transaction.js';
import { publishGone } from './publish-gone.js';
import type { PublishedSource } from './published-source.js';
import { answerOf, beginOrJoin, type Run } from './run.js';

/** Raising the epoch waits for open appends, and whoever appends waits behind it: so for a moment only, and again. */
const lockTimeoutMs = 1_000;
const lockAttempts = 20;
const lockTimeout: ReadonlySet<unknown> = new Set(['55P03']);

/**
 * Does what a request asks and returns the answer. It never rejects: what fails is refused with its reason, and who
 * asked may ask again. A request is not repeated by the broker, so one that always fails can not go round for ever.
 */
export async function answerRequest(
  dataSource: DataSource,
  sources: ReadonlyMap<string, PublishedSource>,
  request: ServiceRequest,
): Promise<ServiceAnswer> {
  const { source } = request;
  const published = sources.get(source);
  if (published === undefined) {
    const known = `This service publishes: ${[...sources.keys()].join(', ')}.`;
    return { kind: 'refused', source, reason: `There is no source '${source}' here.`, remedy: known };
  }
  try {
    if (request.kind === 'resync') return answerOf(await begin(dataSource, published, request));
    if (request.kind !== 'whichAreGone') return await answerComparing(dataSource, published, request);
    const gone = await inTransaction(dataSource, (tx) => publishGone(tx, published, request.aggregates));
    return { kind: 'gone', source, request: request.id, ...gone };
  } catch (error) {
    const remedy = error instanceof PrejoinError ? (error.remedy ?? null) : null;
    return { kind: 'refused', source, reason: messageOf(error), remedy };
  }
}

async function begin(
  dataSource: DataSource,
  published: PublishedSource,
  request: ResyncRequest,
): Promise<Run> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await inTransaction(dataSource, async (tx) => {
        await tx.query(`SET LOCAL lock_timeout = ${lockTimeoutMs}`);
        return beginOrJoin(tx, published, request);
      });
    } catch (error) {
      if (!hasSqlState(error, lockTimeout) || attempt >= lockAttempts) throw error;
    }
  }
}
