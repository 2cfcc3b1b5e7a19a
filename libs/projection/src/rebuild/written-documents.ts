import { hash } from 'node:crypto';

/** At about 80 bytes each, what a process may well hold; a larger view is compared by its documents' texts. */
const MOST = 1_000_000;
/** With fewer of all the documents, looking at the others one by one costs more than reading all. */
const LEAST_SHARE = 0.9;

/**
 * What a scan wrote, by hash, and at which revision the index took it. A document that has that revision in the index is
 * that write, since any later one would have raised or changed its version; so it holds what the copies make now if that
 * has the same hash. The text has its root's id in it: equal hashes are of the same document.
 */
export class WrittenDocuments {
  readonly #hashes = new Map<number, Set<string>>();
  #count = 0;

  constructor(private readonly most = MOST) {}

  add(revision: number, body: string): void {
    this.#count += 1;
    if (this.#count > this.most) {
      this.#hashes.clear();
      return;
    }
    const ofRevision = this.#hashes.get(revision) ?? new Set<string>();
    this.#hashes.set(revision, ofRevision.add(keyOf(body)));
  }

  holds(revision: number, body: string): boolean {
    return this.#hashes.get(revision)?.has(keyOf(body)) === true;
  }

  /** Whether it has so much of a view with `total` roots that the index need only be asked for revisions. */
  covers(total: number): boolean {
    return this.#count <= this.most && this.#count >= LEAST_SHARE * total;
  }
}

/** A byte a character is the smallest that a string can be. */
function keyOf(body: string): string {
  return hash('sha256', body, 'binary');
}
