import { assemble } from '../assemble/assemble.js';
import { loadFrom, type Tables } from '../assemble/load-from.js';
import type { Computes } from '../assemble/rows.js';
import { compile, computesOf, sourcesOf } from '../plan/compile.js';
import { markedRoots } from '../plan/marked-roots.js';
import type { Plan } from '../plan/plan.js';
import type { Source, StateOf } from '../source/source.js';
import type { DocumentOf, View } from '../view/view.js';
import { differences } from './difference.js';
import { ViewSpecError } from './error.js';
import { SpecRows, type Deleted, type State } from './rows.js';

type RootOf<V> = V extends View<string, infer S, unknown> ? S : never;
type NameOf<S> = S extends { readonly name: infer N extends string } ? N : never;
/** States by source. Those of the root have its type; those of the others are checked against their contracts. */
type StatesFor<V> = { readonly [P in NameOf<RootOf<V>>]?: readonly StateOf<RootOf<V>>[] } & {
  readonly [source: string]: readonly State[];
};
type ChangeFor<V> = { readonly [P in NameOf<RootOf<V>>]?: StateOf<RootOf<V>> | Deleted } & {
  readonly [source: string]: State | Deleted;
};

interface Expect<V, Next> {
  (document: DocumentOf<V>): Next;
  /** `null`: there is no such document. */
  (id: string, document: DocumentOf<V> | null): Next;
}
interface Step<V> {
  /** Applies a change of one row of each source named, all at once. */
  readonly when: (change: ChangeFor<V>) => AfterChange<V>;
}
/** What can be said before the first `then`. */
interface Given<V> extends Step<V> {
  /** Compares a whole document. `then` gives no `then`, so that nothing takes a spec for a promise. */
  readonly then: Expect<V, Checked<V>>;
}
interface AfterChange<V> extends Given<V> {
  /** The last change marks exactly these roots: it reaches them, and nobody else's document is built for it. */
  readonly marks: (ids: readonly string[]) => AfterChange<V>;
}
interface Checked<V> extends Step<V> {
  /** Compares another document, at the same point. */
  readonly and: Expect<V, Checked<V>>;
}

/**
 * Tries a view on rows, in memory: no server, and no test framework.
 *
 * ```ts
 * ViewSpec.for(orderSearch)
 *   .given({ customer: [ann], order: [order] })
 *   .then({ id: 'o1', status: 'pending', customer: { name: 'Ann' } })
 *   .when({ customer: { ...ann, name: 'Anna' } })
 *   .marks(['o1'])
 *   .then({ id: 'o1', status: 'pending', customer: { name: 'Anna' } })
 *   .when({ order: deleted('o1') })
 *   .then('o1', null);
 * ```
 *
 * States are whole, as their sources publish them. Documents are compared whole.
 * Every step throws a {@link ViewSpecError} when what it says does not hold, with the places that differ.
 */
export const ViewSpec = {
  /** @throws {ViewInvalidError} when the view does not compile */
  for: <V extends View<string, Source, unknown>>(
    view: V,
  ): { readonly given: (states: StatesFor<V>) => Given<V> } => {
    const trial: Trial = {
      plan: compile(view),
      computes: computesOf(view),
      rows: new SpecRows(view.name, sourcesOf(view)),
    };
    return { given: (states) => stepsAfter<V>(trial, trial.rows.tablesOf(states), {}) };
  },
};

interface Trial {
  readonly plan: Plan;
  readonly computes: Computes;
  readonly rows: SpecRows;
}

function stepsAfter<V>(trial: Trial, tables: Tables, before: Tables): AfterChange<V> {
  const when = (change: ChangeFor<V>): AfterChange<V> => {
    const changes = Object.entries<State | Deleted>(change).map(([source, one]) => [source, [one]]);
    const after = trial.rows.changed(
      tables,
      Object.fromEntries(changes) as Record<string, (State | Deleted)[]>,
    );
    return stepsAfter(trial, after, tables);
  };
  const compare = (first: unknown, second?: unknown): Checked<V> => {
    compareDocument(
      trial,
      tables,
      typeof first === 'string' ? first : idOf(trial, first),
      typeof first === 'string' ? second : first,
    );
    return { when, and: compare };
  };
  const steps: AfterChange<V> = {
    when,
    then: compare,
    marks: (ids) => {
      compareMarks(trial, before, tables, ids);
      return steps;
    },
  };
  return steps;
}

function idOf({ plan }: Trial, document: unknown): string {
  if (
    typeof document === 'object' &&
    document !== null &&
    'id' in document &&
    typeof document.id === 'string'
  )
    return document.id;
  throw new ViewSpecError(
    plan.view,
    `what is expected has no id: ${JSON.stringify(document)}.`,
    `Give the whole document, or then('<id>', null) for none.`,
  );
}

function compareDocument({ plan, computes }: Trial, tables: Tables, id: string, expected: unknown): void {
  const [made] = assemble(plan, [id], loadFrom(plan, [id], tables), computes);
  if (made === undefined) throw new Error(`assemble() gave nothing for '${id}'.`);
  if ('fault' in made) {
    throw new ViewSpecError(
      plan.view,
      `'${id}' has no document: ${made.fault}`,
      'Correct the view, or the rows.',
    );
  }
  const found = differences(expected, made.document);
  if (found.length === 0) return;
  throw new ViewSpecError(
    plan.view,
    `the document '${id}' is another:\n  - ${found.join('\n  - ')}\n  all of it: ${JSON.stringify(made.document)}`,
    'Correct the view, or what is expected.',
  );
}

function compareMarks({ plan }: Trial, before: Tables, after: Tables, ids: readonly string[]): void {
  const marked = [...markedRoots(plan, before, after)].sort();
  const expected = [...ids].sort();
  if (differences(expected, marked).length === 0) return;
  throw new ViewSpecError(
    plan.view,
    `the change marks ${marked.length === 0 ? 'no root' : marked.join(', ')}; expected: ${expected.join(', ') || 'none'}.`,
    'A change marks the roots that the view’s references lead to from the row, before and after the change.',
  );
}
