import { diffDocuments, type Assembled } from '#views';
import { fieldOf, isIn } from './comparable.js';

export interface Example {
  readonly id: string;
  /** Undefined is a field that is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/** One field that changes in some documents. */
export interface ChangedField {
  readonly field: string;
  readonly documents: number;
  readonly examples: readonly Example[];
}

/** Documents that change in one way, with the first ids. */
export interface ChangedDocuments {
  readonly count: number;
  readonly ids: readonly string[];
}

/** What was added up; counts are of documents. */
export interface Tallied {
  readonly compared: number;
  /** In some field. */
  readonly changed: ChangedDocuments;
  /** There is none as it is, and will be one. */
  readonly added: ChangedDocuments;
  readonly removed: ChangedDocuments;
  /** Documents that can not be made, on either side. */
  readonly faults: {
    readonly count: number;
    readonly examples: readonly { readonly id: string; readonly reason: string }[];
  };
  readonly fields: readonly ChangedField[];
}

const EXAMPLES = 3;

/** Adds up what changes between two ways to make the same documents. Bounded: counts, and a few examples of each. */
export class Tally {
  #compared = 0;
  readonly #documents = { changed: new Ids(), added: new Ids(), removed: new Ids() };
  readonly #faults: { id: string; reason: string }[] = [];
  #faultCount = 0;
  readonly #fields = new Map<string, { documents: number; examples: Example[] }>();

  /** `without` are fields that can not be compared. */
  constructor(private readonly without: readonly string[]) {}

  add(before: Assembled, after: Assembled): void {
    this.#compared += 1;
    for (const one of [before, after]) {
      if (!('fault' in one)) continue;
      this.#faultCount += 1;
      if (this.#faults.length < EXAMPLES)
        this.#faults.push({
          id: one.id,
          reason: `${one === before ? 'as it is' : 'as declared'}: ${one.fault}`,
        });
    }
    if ('fault' in before || 'fault' in after) return;
    const [is, will] = [asStored(before.document), asStored(after.document)];
    if (is === null && will === null) return;
    if (is === null) return this.#documents.added.add(after.id);
    if (will === null) return this.#documents.removed.add(after.id);
    this.#addFields(after.id, is, will);
  }

  #addFields(id: string, is: unknown, will: unknown): void {
    const differences = diffDocuments(is, will).filter(({ path }) => !isIn(fieldOf(path), this.without));
    if (differences.length === 0) return;
    this.#documents.changed.add(id);
    for (const [field, [first]] of Map.groupBy(differences, ({ path }) => fieldOf(path))) {
      const known = this.#fields.get(field) ?? { documents: 0, examples: [] };
      known.documents += 1;
      if (first !== undefined && known.examples.length < EXAMPLES)
        known.examples.push({ id, before: first.before, after: first.after });
      this.#fields.set(field, known);
    }
  }

  get result(): Tallied {
    const { changed, added, removed } = this.#documents;
    return {
      compared: this.#compared,
      changed: changed.result,
      added: added.result,
      removed: removed.result,
      faults: { count: this.#faultCount, examples: this.#faults },
      fields: [...this.#fields].map(([field, known]): ChangedField => ({ field, ...known })),
    };
  }
}

class Ids {
  #count = 0;
  readonly #first: string[] = [];

  add(id: string): void {
    this.#count += 1;
    if (this.#first.length < EXAMPLES) this.#first.push(id);
  }

  get result(): ChangedDocuments {
    return { count: this.#count, ids: this.#first };
  }
}

/** What JSON does not tell apart is no change: -0 and 0, for one. */
function asStored(document: unknown): unknown {
  return JSON.parse(JSON.stringify(document)) as unknown;
}
