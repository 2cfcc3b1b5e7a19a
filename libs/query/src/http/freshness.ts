import type { FastifyReply, FastifyRequest } from 'fastify';
import { askedAfter } from '../freshness/asked-after.js';
import type { AnswerFreshness } from '../freshness/freshness.js';
import type { FreshRead, ReadBy } from '../freshness/own-writes.js';
import type { Reader } from '../reader.js';
import type { ServedView } from '../served-view.js';
import { disconnection, rethrow } from './answers.js';

/** A read as one request asks for it. */
export interface RequestedRead extends FreshRead {
  /** Aborts when the caller goes away. */
  readonly signal: AbortSignal;
}

/** Begins the read of a request, by its headers `Prejoin-After` and `Prefer`. @throws {ProblemError} */
export function beginRead(
  reader: Reader,
  view: ServedView,
  by: ReadBy,
  request: FastifyRequest,
  reply: FastifyReply,
): RequestedRead {
  const signal = disconnection(reply);
  const asked = understoodHeaders(request);
  if (asked !== null && asked.appliedWait !== null)
    void reply.header('preference-applied', `wait=${asked.appliedWait}`);
  return { ...reader.begin(view, asked, by, signal), signal };
}

function understoodHeaders({ headers }: FastifyRequest): ReturnType<typeof askedAfter> {
  try {
    return askedAfter({ after: textOf(headers['prejoin-after']), prefer: textOf(headers['prefer']) });
  } catch (error) {
    rethrow(error);
  }
}

/** Node joins headers that are repeated, but for some of its own. */
function textOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'object' ? header.join(', ') : header;
}

/** For answers whose body is a document, or lines of them. */
export function tellInHeaders(reply: FastifyReply, { lagMs, after }: AnswerFreshness): void {
  if (lagMs !== null) void reply.header('prejoin-lag-ms', lagMs);
  if (after !== undefined) void reply.header('prejoin-after', after);
}
