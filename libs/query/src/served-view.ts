import { fieldsOf, type Plan, type QueryField } from '#views';
import type { SearchSort } from '#search';

/** A view as queries see it: its fields by their one spelling, and its own order. */
export interface ServedView {
  readonly name: string;
  readonly plan: Plan;
  readonly fields: ReadonlyMap<string, QueryField>;
  /** What `q` searches. */
  readonly textFields: readonly string[];
  /** What `fields` may name: every field and every object around one. */
  readonly selectable: ReadonlySet<string>;
  readonly defaultSort: readonly SearchSort[];
}

export function servedView(plan: Plan): ServedView {
  const fields = new Map(fieldsOf(plan).map((field) => [field.path, field]));
  const indexed = [...fields.values()].filter((field) => field.hints.carry !== true);
  return {
    name: plan.view,
    plan,
    fields,
    textFields: indexed
      .filter((field) => field.kind === 'prose' || field.hints.text !== undefined)
      .map(({ path }) => path),
    selectable: new Set([...fields.keys()].flatMap(withObjects)),
    defaultSort: defaultSort(plan),
  };
}

function withObjects(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, at) => parts.slice(0, at + 1).join('.'));
}

/** A view's own order names columns of its root; here it is the fields that show them. */
function defaultSort(plan: Plan): SearchSort[] {
  const rootFields = plan.shape.node === 'object' ? plan.shape.fields : [];
  return plan.sort.flatMap(({ column, descending }) => {
    const shown = rootFields.find(({ of }) => of.node === 'value' && of.column === column);
    return shown === undefined ? [] : [{ field: shown.name, descending, nulls: 'last' as const }];
  });
}
