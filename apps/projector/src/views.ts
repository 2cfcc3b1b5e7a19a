import { sources, views } from '#commerce';
import { compile, computesOf, describe, type Computes, type Plan, type SourceDescription } from '#views';

/** What this process can project: the declarations of the example domain, compiled. */
export interface Declared {
  readonly plans: readonly Plan[];
  /** Every compute function of all views, by the key that plans name it by. */
  readonly computes: Computes;
  readonly sources: readonly SourceDescription[];
}

/** @throws {ViewInvalidError} with all faults of a view that does not compile */
export function declaredViews(): Declared {
  return {
    plans: views.map((view) => compile(view)),
    computes: new Map(views.flatMap((view) => [...computesOf(view)])),
    sources: sources.map((source) => describe(source)),
  };
}
