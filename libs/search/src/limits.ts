/**
 * The longest text, in UTF-16 units, that is found by its value. A longer one stays in the document and counts as
 * existing. Lucene refuses a term above 32 766 bytes and with it the whole document; a unit takes at most 4 bytes.
 */
export const longestKeyword = 8_191;

/** The longest text that is sorted by and suggested; its value travels in every cursor. A longer one sorts as null. */
export const longestSortKey = 1_024;

/** The most words and phrases that one search may hold: each becomes several clauses a field. */
export const mostTerms = 32;

/** The counting of hits that is not asked to be exact ends here: counting on costs more than most searches. */
export const estimatedFrom = 10_000;

/** Longest id of a document in bytes: Elasticsearch's own limit. */
export const longestIdBytes = 512;
