import {
  IndexMissingError,
  PointInTimeGoneError,
  SearchRefusedError,
  SearchTimeoutError,
  SearchUnavailableError,
} from '../errors.js';
import type { Answer } from './connection.js';

/** The error of an answer, as far as it has one. */
export interface ServerError {
  readonly type: string;
  readonly reason: string;
}

interface ErrorBody {
  readonly error?:
    | string
    | { readonly type?: string; readonly reason?: string; readonly root_cause?: readonly ServerError[] };
}

export function serverError(answer: Answer): ServerError {
  const { error } = parseOr<ErrorBody>(answer.text, {});
  if (error === undefined)
    return { type: 'unknown', reason: answer.text.slice(0, 300) || `status ${answer.status}` };
  if (typeof error === 'string') return { type: 'unknown', reason: error };
  const root = error.root_cause?.[0];
  // The root names what happened: the outer type is often only 'search_phase_execution_exception'.
  return { type: root?.type ?? error.type ?? 'unknown', reason: root?.reason ?? error.reason ?? '' };
}

const missing = new Set([
  'index_not_found_exception',
  'index_closed_exception',
  'aliases_not_found_exception',
]);
const temporary = new Set([429, 502, 503, 504]);

/** What to throw for an answer that is not a success and that the caller has no other use for. */
export function failure(answer: Answer, index: string, deadlineMs: number): Error {
  const { type, reason } = serverError(answer);
  if (missing.has(type)) return new IndexMissingError(index);
  if (type === 'search_context_missing_exception') return new PointInTimeGoneError();
  if (type === 'timeout_exception' || type === 'task_cancelled_exception')
    return new SearchTimeoutError(deadlineMs);
  if (temporary.has(answer.status)) return new SearchUnavailableError(`${type}: ${reason}`);
  return new SearchRefusedError(answer.status, `${type}: ${reason}`);
}

/** Parses JSON that may be a proxy's HTML instead. */
export function parseOr<T>(text: string, otherwise: T): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return otherwise; // Said to the caller by the fallback: the status and the raw text are reported instead.
  }
}
