import { QueryFailedError } from 'typeorm';
import { PrejoinError } from '#kernel';
import { ProblemError } from '#kernel/http';
import { TransactionConflictError } from '#outbox';
import {
  AggregateMissingError,
  MeaninglessCommandError,
  RuleError,
  StaleVersionError,
} from '../aggregate/errors.js';
import { etagOf } from './preconditions.js';

/** The HTTP meaning of what a command or its database threw; what has none goes on as it is. */
export function commandProblem(error: unknown): unknown {
  if (error instanceof AggregateMissingError) return problem(404, 'There is no such resource', error);
  if (error instanceof RuleError) return problem(409, 'The change does not fit the present state', error);
  if (error instanceof MeaninglessCommandError)
    return problem(422, 'The command can not be carried out', error);
  if (error instanceof StaleVersionError) {
    const { currentVersion } = error;
    const options = { cause: error, headers: { etag: etagOf(currentVersion) } };
    const detail = detailOf(error);
    return new ProblemError(412, error.code, 'The resource has changed', detail, { currentVersion }, options);
  }
  if (error instanceof TransactionConflictError) return unavailable('transaction_conflict', error);
  return isDatabaseAway(error) ? unavailable('database_unavailable', error) : error;
}

function problem(status: number, title: string, error: PrejoinError): ProblemError {
  return new ProblemError(status, error.code, title, detailOf(error), {}, { cause: error });
}

function detailOf(error: PrejoinError): string {
  return error.remedy === undefined ? error.message : `${error.message} ${error.remedy}`;
}

function unavailable(code: string, cause: unknown): ProblemError {
  const detail =
    'The command may or may not have been carried out. Send it again with the same Idempotency-Key, and it is done once.';
  return new ProblemError(
    503,
    code,
    'Temporarily unavailable',
    detail,
    {},
    { cause, headers: { 'retry-after': '1' } },
  );
}

/**
 * Whether the database could not be reached or gave up for reasons of its own: classes 08 (connection), 53 (resources) and
 * 57P (shut down), a statement or lock that took too long, and what pg and the system say of lost connections.
 * Source of the codes: PostgreSQL 15 manual, appendix A.
 */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const driver =
    error instanceof QueryFailedError ? (error.driverError as Error & { code?: unknown }) : error;
  const code = 'code' in driver && typeof driver.code === 'string' ? driver.code : '';
  if (/^(08...|53...|57P..|57014|55P03|25P03|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(code))
    return true;
  // pg gives these two no code.
  return /^(Connection terminated|timeout exceeded when trying to connect)/.test(driver.message);
}
