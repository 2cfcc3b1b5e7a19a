import type { Bug } from './bug.js';

/** One write of a whole document; a null body deletes it. */
export interface Write {
  readonly index: string;
  readonly id: string;
  readonly revision: number;
  readonly body: string | null;
}
export type Outcome = 'done' | 'superseded' | 'retry';

/** A bulk request on its way: the server works on it whether anybody still waits for the answer or not. */
export interface Bulk {
  readonly writes: readonly Write[];
  readonly outcomes: Outcome[];
  answer: 'awaited' | 'given' | 'lost';
}

interface Entry {
  readonly revision: number;
  readonly body: string | null;
}

/**
 * What the engine relies on of Elasticsearch: every item of a bulk request is written or refused on its own, at some
 * time after it was sent, and a write of a lower revision than what is there is refused, also when that was deleted.
 */
export class IndexServer {
  readonly #indices = new Map<string, Map<string, Entry>>();

  constructor(private readonly bug: Bug | null) {}

  create(index: string): void {
    if (!this.#indices.has(index)) this.#indices.set(index, new Map());
  }

  write({ index, id, revision, body }: Write): Outcome {
    const entries = this.#indices.get(index);
    if (entries === undefined) throw new Error(`There is no index '${index}'.`);
    const current = entries.get(id);
    const ordered = this.bug !== 'documents are written without a revision';
    if (ordered && current !== undefined && current.revision > revision) return 'superseded';
    if (body === null && this.bug === 'a deletion leaves no tombstone in the index') entries.delete(id);
    else entries.set(id, { revision, body });
    return 'done';
  }

  /** 0 when there is no such document and never was. */
  revisionOf(index: string, id: string): number {
    return this.#indices.get(index)?.get(id)?.revision ?? 0;
  }

  documents(index: string): ReadonlyMap<string, string> {
    const entries = this.#indices.get(index) ?? new Map<string, Entry>();
    return new Map([...entries].flatMap(([id, { body }]) => (body === null ? [] : [[id, body]])));
  }
}
