import { PrejoinError } from '#kernel';

/** Names of the kinds of aggregates, as sources name them. */
export type Kind = 'customer' | 'product' | 'stock' | 'order' | 'payment' | 'shipment';

export class AggregateMissingError extends PrejoinError {
  constructor(kind: Kind, id: string) {
    super(`${kind}_not_found`, `There is no ${kind} ${id}.`);
  }
}

/** The caller decided on a version of the aggregate that is no longer the current one. */
export class StaleVersionError extends PrejoinError {
  constructor(
    kind: Kind,
    id: string,
    readonly currentVersion: number,
  ) {
    super('version_not_current', `The ${kind} ${id} is at version ${currentVersion} now.`, {
      remedy: 'Read it again, decide again, and send its new ETag in If-Match.',
    });
  }
}

/** A rule of the domain forbids the change in the aggregate's present state. */
export class RuleError extends PrejoinError {}

/** A well-formed command asks for what can never be. */
export class MeaninglessCommandError extends PrejoinError {}
