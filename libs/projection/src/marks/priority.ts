/**
 * How a mark is claimed. `direct`: a document's own rows changed, or a row that few documents share. `bulk`: the mark is
 * one of very many that a wide change, a scan or a repair made at once. Only the order of claims depends on it.
 */
export type Priority = 'direct' | 'bulk';

/** As they are stored: in the order in which a change should be seen. */
export const priorityNumber = { direct: 0, bulk: 1 } as const satisfies Record<Priority, number>;
