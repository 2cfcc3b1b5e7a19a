import type { VerifiedSource } from '#projection';
import type { OwnedSource } from './owned-sources.js';

export type SourceReport = OwnedSource &
  (
    | (VerifiedSource & { readonly seconds: number })
    | { readonly verdict: 'unseen'; readonly problem: string; readonly remedy: string | null }
  );

/** What `prejoin verify --sources --json` prints. */
export interface SourcesReport {
  readonly report: 'prejoin verify --sources';
  readonly format: 1;
  readonly environment: string;
  readonly contents: boolean;
  readonly verdict: 'equal' | 'different' | 'unknown';
  readonly sources: readonly SourceReport[];
}
