import { sources, views } from '#domains';
import type { ReceivedSource } from '#projection';
import {
  compile,
  computesOf,
  contractOf,
  describe,
  type Computes,
  type Plan,
  type SourceDescription,
} from '#views';

/** What this process can project: the declarations of all domains, compiled. */
export interface Declared {
  readonly plans: readonly Plan[];
  /** Every compute function of all views, by the key that plans name it by. */
  readonly computes: Computes;
  readonly sources: readonly SourceDescription[];
  /** The views that had another name before, by that name. */
  readonly renamed: ReadonlyMap<string, string>;
}

/** @throws {ViewInvalidError} with all faults of a view that does not compile */
export function declaredViews(): Declared {
  return {
    plans: views.map((view) => compile(view)),
    computes: new Map(views.flatMap((view) => [...computesOf(view)])),
    sources: sources.map((source) => describe(source)),
    renamed: new Map(
      views.flatMap(({ name, options }) => (options.was === undefined ? [] : [[options.was, name]])),
    ),
  };
}

/** How the events of every declared source are checked on the way in. */
export function receivedSources(): readonly ReceivedSource[] {
  return sources.map((source) => ({ description: describe(source), received: contractOf(source).received }));
}
