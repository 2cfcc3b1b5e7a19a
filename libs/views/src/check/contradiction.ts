import { compareValues } from '../filter/compare.js';
import { matches } from '../filter/matches.js';
import type { Filter, FilterOp, FilterValue, ValueKind } from '../plan/plan.js';

type Condition = Extract<Filter, { kind: 'condition' }>;

/** What has to be known of a column to see that a filter can never hold. */
export interface FilteredColumn {
  readonly kind: ValueKind;
  readonly array: boolean;
  readonly nullable: boolean;
}

/**
 * Why no row can ever meet a filter, as the end of a sentence, or null when none is seen. It looks at conditions of one
 * column that all have to hold; of a `not` it claims nothing.
 */
export function contradictionIn(
  filter: Filter | null,
  columnOf: (field: string) => FilteredColumn | undefined,
): string | null {
  return filter === null ? null : contradictionOf([filter], columnOf);
}

function contradictionOf(
  all: readonly Filter[],
  columnOf: (field: string) => FilteredColumn | undefined,
): string | null {
  const parts = all.flatMap(conjuncts);
  const conditions = parts.filter((part) => part.kind === 'condition');
  for (const field of new Set(conditions.map((condition) => condition.field))) {
    const column = columnOf(field);
    const own = conditions.filter((condition) => condition.field === field);
    const found = column === undefined ? null : contradictionOfColumn(field, column, own);
    if (found !== null) return found;
  }
  // Each branch has to hold together with what stands beside the 'or'.
  for (const part of parts) {
    if (part.kind !== 'or') continue;
    const branches = part.of.map((branch) => contradictionOf([...conditions, branch], columnOf));
    if (branches.every((branch) => branch !== null)) return branches[0] ?? `an 'or' has no alternatives`;
  }
  return null;
}

function conjuncts(filter: Filter): readonly Filter[] {
  return filter.kind === 'and' ? filter.of.flatMap(conjuncts) : [filter];
}

function contradictionOfColumn(
  field: string,
  column: FilteredColumn,
  conditions: readonly Condition[],
): string | null {
  const asksFor = (op: FilterOp) => conditions.filter((condition) => condition.op === op);
  if (asksFor('eq').some(({ values }) => values.length === 0))
    return `'${field}' is compared with an empty list`;
  const missing = asksFor('exists').some(({ values }) => values[0] === false);
  if (missing && !column.nullable && !column.array) return `'${field}' is never null`;
  if (missing) {
    const present = conditions.some(({ op, values }) => op !== 'exists' || values[0] === true);
    return present ? `'${field}' has to be missing and to have a value` : null;
  }
  // Of several values each condition may be met by another one.
  if (column.array) return null;
  const candidates = candidatesFor(column, asksFor('eq'));
  if (candidates !== null) {
    const all: Filter = { kind: 'and', of: conditions };
    return candidates.some((value) => matches(all, () => value))
      ? null
      : `no value of '${field}' meets all its conditions`;
  }
  return (
    contradictionOfPrefixes(field, asksFor('prefix')) ?? contradictionOfBounds(field, column, conditions)
  );
}

/** The only values that can meet the conditions, when they are few. `oneOf` is open when receiving, so it has none. */
function candidatesFor({ kind }: FilteredColumn, equal: readonly Condition[]): readonly FilterValue[] | null {
  const [first] = equal;
  if (first !== undefined) return first.values;
  return kind === 'bool' ? [true, false] : null;
}

function contradictionOfPrefixes(field: string, prefixes: readonly Condition[]): string | null {
  const texts = prefixes.map(({ values }) => String(values[0]));
  const longest = texts.reduce((longer, text) => (text.length > longer.length ? text : longer), '');
  return texts.every((text) => longest.startsWith(text))
    ? null
    : `no value of '${field}' has all its prefixes`;
}

function contradictionOfBounds(
  field: string,
  { kind }: FilteredColumn,
  conditions: readonly Condition[],
): string | null {
  const isWhole = kind === 'int' || kind === 'money';
  for (const lower of conditions.filter(({ op }) => op === 'gt' || op === 'gte')) {
    for (const upper of conditions.filter(({ op }) => op === 'lt' || op === 'lte')) {
      const [low, high] = [lower.values[0], upper.values[0]];
      const order = compareValues(low, high, lower.as);
      const bothReached = lower.op === 'gte' && upper.op === 'lte';
      const nothingBetween =
        isWhole && lower.op === 'gt' && upper.op === 'lt' && Number(high) - Number(low) <= 1;
      if (order > 0 || (order === 0 && !bothReached) || nothingBetween)
        return `no value of '${field}' lies between its bounds`;
    }
  }
  return null;
}
