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
  | 'parameter_missing'
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
  | 'too_many_conditions'
  | 'too_many_facets'
  | 'too_many_buckets'
  | 'where_too_deep'
  | 'body_too_large'
  | 'facet_invalid'
  | 'field_not_facetable'
  | 'field_not_aggregatable'
  | 'field_not_suggestable'
  | 'limit_invalid'
  | 'page_invalid'
  | 'page_too_deep'
  | 'snapshot_invalid'
  | 'cursor_invalid'
  | 'cursor_mismatch'
  | 'after_invalid';

/** A query that can not be run, with all its faults. Its code is the fault's when there is one, else `query_invalid`. */
export class QueryInvalidError extends PrejoinError {
  constructor(readonly faults: readonly QueryFault[]) {
    const [only] = faults;
    const code = faults.length === 1 && only !== undefined ? only.code : 'query_invalid';
    super(code, faults.map((fault) => `${fault.parameter}: ${fault.detail}`).join(' '));
  }
}
