/** Mistakes that can be built into the simulated engine, one at a time: the model test has to find each. */
export const bugs = [
  'the version check is dropped',
  'the old root is not marked',
  'keys are looked up inside the changing transaction',
  'documents are written without a revision',
  'item errors are ignored',
  'a mark is written only if there is none',
  'the claim commits before the index has answered',
  'the snapshot is taken before the claim',
  'the log is not made durable before the bulk',
  'a deletion leaves no tombstone in the copies',
  'a deletion leaves no tombstone in the index',
  'the scan begins before the generation is registered',
  'triggers are replaced without waiting for open writers',
  'a message is acknowledged before its commit',
  'a look-up goes on one root too far',
] as const;
export type Bug = (typeof bugs)[number];
