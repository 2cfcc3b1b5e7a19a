import { SearchCancelledError } from '../errors.js';
import type { Answer, Connection, Question } from './connection.js';
import { endings } from './endings.js';

export interface SharedReadsOptions {
  /** Told of every read that another one's call answers. */
  readonly onShared: () => void;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/**
 * How old a call may be to be joined, in milliseconds. A connection that hangs would otherwise take everyone who comes
 * with it, and the deadline of the last one would be far from that of the call.
 */
const joinedWithinMs = 1_000;

/** A call in flight. */
interface Call {
  readonly answer: Promise<Answer>;
  readonly begunAt: number;
  /** How many wait for it. */
  waiting: number;
  /** Ends it, when nobody waits any more. */
  abandon(): void;
}

/**
 * Makes equal reads in flight one call: of one method, path and body to the byte. Each has its own deadline, and can leave
 * by itself; the call ends with the last. Who asks `with later` gets a call that begins after that, so a write that was
 * visible by then is in its answer.
 */
export function sharingReads(
  connection: Connection,
  { onShared, now = () => performance.now() }: SharedReadsOptions,
): Connection {
  // Emptied before they are taken out: tables that a Map gave up, each of which leads to the next, outlive collections, and
  // so would the calls in them, with their answers.
  const running = new Map<string, { call: Call | null }>();

  function begin(key: string, question: Question): Call {
    const ends = new AbortController();
    // Each who waits looks at its own deadline, and the last to leave ends the call.
    const answer = connection.ask({ ...question, signal: ends.signal, deadlineMs: Infinity });
    const forget = (): void => {
      place.call = null;
      if (running.get(key) === place) running.delete(key);
    };
    const abandon = (): void => {
      forget();
      ends.abort();
    };
    const call: Call = { answer, begunAt: now(), waiting: 0, abandon };
    const place: { call: Call | null } = { call };
    running.set(key, place);
    // Those who wait hear of a fault; when all of them have left, it is nobody's.
    answer.then(forget, forget);
    return call;
  }

  function join(key: string, { sharing }: Question): Call | null {
    const call = running.get(key)?.call ?? null;
    if (call === null || sharing === 'with later' || now() - call.begunAt > joinedWithinMs) return null;
    onShared();
    return call;
  }

  return {
    ask(question) {
      const { sharing, deadlineMs, signal, method, path, body = '' } = question;
      if (sharing === undefined || deadlineMs === undefined) return connection.ask(question);
      if (signal?.aborted) return Promise.reject(new SearchCancelledError());
      const key = `${method} ${path}\n${body}`;
      return waitFor(join(key, question) ?? begin(key, question), signal, deadlineMs);
    },
    close: () => connection.close(),
  };
}

function waitFor(call: Call, signal: AbortSignal | undefined, deadlineMs: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const ends = endings(signal, deadlineMs, (reason) => {
      call.waiting -= 1;
      if (call.waiting === 0) call.abandon();
      reject(reason);
    });
    call.waiting += 1;
    call.answer.then(
      (answer) => {
        ends.dispose();
        resolve(answer);
      },
      (error: Error) => {
        ends.dispose();
        reject(error);
      },
    );
  });
}
