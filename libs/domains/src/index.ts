import * as commerce from '#commerce';
import type { AnyView, Source } from '#views';

/** One part of the business: what its services publish, and the views over it. */
export interface Domain {
  readonly sources: readonly Source[];
  readonly views: readonly AnyView[];
}

/** The domains that this installation projects and serves, by the names of their libs. `npm run new-domain <name>` adds its own here. */
export const domains: Readonly<Record<string, Domain>> = { commerce };

/** Every source, for what is made of all: copies, events and their schemas. */
export const sources: readonly Source[] = Object.values(domains).flatMap((domain) => domain.sources);
/** Every view that is built and served. */
export const views: readonly AnyView[] = Object.values(domains).flatMap((domain) => domain.views);
