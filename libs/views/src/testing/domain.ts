import type { AnyView } from '../plan/compile.js';
import type { Source } from '../source/source.js';

/** One part of a business for tests: what its services publish, and views over it with the documents that they must make. */
export interface Domain {
  readonly name: string;
  readonly sources: readonly Source[];
  /** A handful of states by source, as they are published. */
  readonly rows: Readonly<Record<string, readonly State[]>>;
  readonly views: readonly ExpectedView[];
}

export interface ExpectedView {
  readonly view: AnyView;
  /** Every document that `rows` make, written by hand; all other rows of the root have none. */
  readonly documents: readonly State[];
}

export type State = Readonly<Record<string, unknown>>;
