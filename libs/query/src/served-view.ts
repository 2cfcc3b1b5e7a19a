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
  /** The fields that say whose a document is; empty: everybody sees all. */
  readonly guards: readonly string[];
  /** The name that it had before, by which it is served too. */
  readonly was: string | null;
  /** The day from which it may be gone. */
  readonly deprecated: string | null;
}

/** What a declaration says of how its view is served, which is no part of the plan. */
export interface Serving {
  readonly was?: string | undefined;
  readonly deprecated?: string | undefined;
}

export function servedView(plan: Plan, { was, deprecated }: Serving = {}): ServedView {
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
    defaultSort: plan.sort.map(({ column, descending }) => ({ field: column, descending, nulls: 'last' })),
    guards: [...fields.values()].filter((field) => field.hints.guard === true).map(({ path }) => path),
    was: was ?? null,
    deprecated: deprecated ?? null,
  };
}

function withObjects(path: string): string[] {
  const parts = path.split('.');
  return parts.map((_, at) => parts.slice(0, at + 1).join('.'));
}
