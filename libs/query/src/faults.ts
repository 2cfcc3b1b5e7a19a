import { PrejoinError } from '#kernel';

/** One thing that is wrong with a query, in words that let the caller put it right. */
export interface QueryFault {
  readonly parameter: string;
  /** Stable: what programs may branch on. */
  readonly code: FaultCode;
  readonly detail: string;
  readonly allowed?: readonly string[];
  readonly didYouMean?: string;
}

export type FaultCode =
  | 'parameter_malformed'
  | 'parameter_repeated'
  | 'parameter_conflict'
  | 'unsupported_parameter'
  | 'field_unknown'
  | 'field_not_filterable'
  | 'field_not_sortable'
  | 'field_not_searchable'
  | 'operator_unknown'
  | 'operator_not_allowed'
  | 'value_empty'
  | 'value_quoting'
  | 'value_invalid'
  | 'value_too_long'
  | 'too_many_values'
  | 'limit_invalid'
  | 'page_invalid'
  | 'page_too_deep'
  | 'cursor_invalid'
  | 'cursor_mismatch';

/** A query that can not be run, with all its faults. Its code is the fault's when there is one, else `query_invalid`. */
export class QueryInvalidError extends PrejoinError {
  constructor(readonly faults: readonly QueryFault[]) {
    const [only] = faults;
    const code = faults.length === 1 && only !== undefined ? only.code : 'query_invalid';
    super(code, faults.map((fault) => `${fault.parameter}: ${fault.detail}`).join(' '));
  }
}
