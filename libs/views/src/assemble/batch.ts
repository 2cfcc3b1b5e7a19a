import { PrejoinError } from '#kernel';
import type { Plan } from '../plan/plan.js';
import type { At, Partners } from './partners.js';
import type { Computes } from './rows.js';

/** A required partner is missing: what holds it is absent as well, up to the next join or the document. */
export const absent = Symbol('prejoin.absent');
/** JSON text, or the absence of what it would be of. */
export type Written = string | typeof absent;
/** Writes what a node of a shape makes of a row, or of an item of it. */
export type Writer = (at: At) => Written;

/** What the documents of one call are made of. */
export interface Batch {
  readonly plan: Plan;
  readonly partners: ReadonlyMap<string, Partners>;
  readonly computes: Computes;
}

/** Why a document can not be made. */
export class DocumentFault extends Error {}

/** A plan names a compute function that this process does not have: another one must build its documents. */
export class ComputeMissingError extends PrejoinError {
  constructor(view: string, key: string) {
    super(
      'compute_missing',
      `The plan of '${view}' names the compute function '${key}', which this process does not have.`,
      {
        remedy: 'Let a process build the view that has the declaration which the plan was compiled from.',
      },
    );
  }
}

export function levelOf({ partners, plan }: Batch, id: string): Partners {
  const level = partners.get(id);
  if (level === undefined)
    throw new Error(`The plan of '${plan.view}' names a level '${id}' that it does not have.`);
  return level;
}
