import { backoffDelay, messageOf, sleep, type Logger } from '#kernel';
import { SearchTimeoutError, SearchUnavailableError } from '../errors.js';
import type { Answer, Connection, Question } from './connection.js';
import { serverError } from './failure.js';

export type Circuit = 'closed' | 'open';

export interface CircuitOptions {
  readonly logger: Logger;
  /** Told of every change. */
  readonly onCircuit: (circuit: Circuit) => void;
}

/** So many calls in a row without an answer open the circuit. */
const mostUnanswered = 3;
/** A call that takes this long has the server pinged, in milliseconds; and so long may a ping take. */
const suspectAfterMs = 1_000;
const pingDeadlineMs = 1_000;
/** How often a server that is away is pinged. */
const pace = { baseMs: 100, maxMs: 1_000 };

/**
 * Refuses calls at once while the server does not answer, and lets them through again when it does. Callers never try:
 * pings do, in the background, at least every two seconds.
 *
 * What counts is that there is no answer. An answer of the server is one whatever its status; so is nothing that a caller
 * ended. A deadline that passes says little too, since a search may have been too heavy: the server is pinged while a
 * call takes long, and the ping tells.
 */
export function breaking(connection: Connection, { logger, onCircuit }: CircuitOptions): Connection {
  const closing = new AbortController();
  let open = false;
  let unanswered = 0;

  function answered(): void {
    unanswered = 0;
    if (!open) return;
    open = false;
    if (closing.signal.aborted) return;
    logger.info('The search server answers again');
    onCircuit('closed');
  }

  function missed({ message: reason }: SearchUnavailableError): void {
    unanswered += 1;
    if (open || unanswered < mostUnanswered) return;
    open = true;
    logger.error({ reason }, 'The search server does not answer: calls are refused until it does');
    onCircuit('open');
    void pingUntilAnswered();
  }

  /** What neither is an answer nor says that there is none, such as a caller who left, counts neither way. */
  async function counted<T>(call: () => Promise<T>): Promise<T> {
    try {
      const answer = await call();
      answered();
      return answer;
    } catch (error) {
      if (error instanceof SearchUnavailableError) missed(error);
      throw error;
    }
  }

  let pinging = false;
  async function pingUntilAnswered(): Promise<void> {
    if (pinging) return;
    pinging = true;
    for (let attempt = 1; !closing.signal.aborted; attempt++) {
      try {
        await counted(() => ping(connection, closing.signal));
        break;
      } catch (error) {
        logger.debug({ reason: messageOf(error) }, 'A ping of the search server had no answer');
        await sleep(backoffDelay(pace, attempt), closing.signal);
      }
    }
    pinging = false;
  }

  return {
    async ask(question) {
      if (open)
        throw new SearchUnavailableError(
          'it did not answer the last calls, and is asked again all the time.',
        );
      const suspicion = setTimeout(() => void pingUntilAnswered(), suspectAfterMs);
      try {
        return await counted(() => answerOf(connection, question));
      } catch (error) {
        if (error instanceof SearchTimeoutError) void pingUntilAnswered();
        throw error;
      } finally {
        clearTimeout(suspicion);
      }
    },
    close: () => {
      closing.abort();
      return connection.close();
    },
  };
}

/** Of the node's own knowledge, so that a cluster without a master answers too. */
const pingPath = '/_cluster/health?local=true&filter_path=status';

/** @throws {SearchUnavailableError} also when there is no answer in time */
async function ping(connection: Connection, signal: AbortSignal): Promise<void> {
  try {
    await answerOf(connection, { method: 'GET', path: pingPath, signal, deadlineMs: pingDeadlineMs });
  } catch (error) {
    if (!(error instanceof SearchTimeoutError)) throw error;
    throw new SearchUnavailableError(`a ping had no answer within ${pingDeadlineMs} ms.`, { cause: error });
  }
}

const gateways = new Set([502, 503, 504]);

/** @throws {SearchUnavailableError} also when a proxy answers, which has no way to the server */
async function answerOf(connection: Connection, question: Question): Promise<Answer> {
  const answer = await connection.ask(question);
  // Every error of Elasticsearch itself has a type.
  if (gateways.has(answer.status) && serverError(answer).type === 'unknown')
    throw new SearchUnavailableError(`a gateway answers ${answer.status} instead of it.`);
  return answer;
}
