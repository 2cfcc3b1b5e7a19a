import { contractOf, type Contract } from '../contract/contract.js';
import type { LoadedRow } from '../assemble/rows.js';
import type { Tables } from '../assemble/load-from.js';
import type { Source } from '../source/source.js';
import { ViewSpecError } from './error.js';

/** The state of one aggregate, as its source publishes it. */
export type State = Readonly<Record<string, unknown>>;

const deletedId = Symbol('prejoin.deleted');

/** Says in a view spec that the aggregate with this id is deleted. */
export interface Deleted {
  readonly [deletedId]: string;
}
export function deleted(id: string): Deleted {
  return { [deletedId]: id };
}
function idOfDeleted(change: State | Deleted): string | null {
  return deletedId in change ? change[deletedId] : null;
}

/** Checks states against the contracts of the sources that a view uses. */
export class SpecRows {
  private readonly contracts: ReadonlyMap<string, Contract>;

  constructor(
    private readonly view: string,
    sources: readonly Source[],
  ) {
    this.contracts = new Map(sources.map((source) => [source.name, contractOf(source)]));
  }

  /**
   * Tables of the rows given.
   * @throws {ViewSpecError} also for an id that is given twice
   */
  tablesOf(given: Readonly<Record<string, readonly State[]>>): Tables {
    for (const [source, states] of Object.entries(given)) {
      const ids = states.map(({ id }) => id);
      const twice = ids.find((id, i) => ids.indexOf(id) < i);
      if (twice !== undefined)
        throw this.error(
          `${source} ${JSON.stringify(twice)} is given twice.`,
          'Give each row once; when() changes it.',
        );
    }
    return this.changed({}, given);
  }

  /**
   * The tables after the changes.
   * @throws {ViewSpecError} for a source that the view does not use, a state that its source could not publish, and the
   * deletion of a row that is not there
   */
  changed(tables: Tables, changes: Readonly<Record<string, readonly (State | Deleted)[]>>): Tables {
    const after: Record<string, readonly LoadedRow[]> = { ...tables };
    for (const [source, all] of Object.entries(changes)) {
      const contract = this.contractOf(source);
      for (const change of all) after[source] = this.with(contract, after[source] ?? [], change);
    }
    return after;
  }

  private with(
    contract: Contract,
    rows: readonly LoadedRow[],
    change: State | Deleted,
  ): readonly LoadedRow[] {
    const gone = idOfDeleted(change);
    if (gone === null) {
      const row = this.rowOf(contract, change as State);
      return [...rows.filter(({ id }) => id !== row.id), row];
    }
    if (rows.some(({ id }) => id === gone)) return rows.filter(({ id }) => id !== gone);
    throw this.error(
      `there is no ${contract.name} '${gone}' to delete.`,
      `Give it with given({ '${contract.name}': […] }) first.`,
    );
  }

  private rowOf(contract: Contract, state: State): LoadedRow {
    const faults = contract.faults(state);
    const { id } = state;
    if (faults.length === 0 && typeof id === 'string') return { id, data: state };
    throw this.error(
      `'${contract.name}' can not publish ${JSON.stringify(state)}:\n  - ${faults.join('\n  - ')}`,
      'Give the whole state, as the source declares it.',
    );
  }

  private contractOf(source: string): Contract {
    const contract = this.contracts.get(source);
    if (contract !== undefined) return contract;
    throw this.error(
      `the view uses no source '${source}'.`,
      `It uses ${[...this.contracts.keys()].join(', ')}.`,
    );
  }

  private error(problem: string, remedy: string): ViewSpecError {
    return new ViewSpecError(this.view, problem, remedy);
  }
}
