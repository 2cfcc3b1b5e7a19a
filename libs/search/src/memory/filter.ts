import { compareValues, isNear, type Filter } from '#views';
import { SearchRefusedError } from '../errors.js';
import { hasMarked, marksOf, type Column } from './column.js';
import type { Table } from './table.js';
import { comparable, type Comparable } from './values.js';

type Condition = Extract<Filter, { kind: 'condition' }>;
/** Of a row, or of an element of a list. */
export type Test = (row: number) => boolean;

/**
 * What a filter says, as a test of one row.
 *
 * A condition is met by any value of its field, wherever in the document. Conditions that stand side by side and speak of
 * one list are met together by one of its elements; what is negative, and an `and` within an `and`, speaks of the whole
 * document instead.
 */
export function testOf(filter: Filter, table: Table): Test {
  return compile(filter, { table, list: null });
}

/** What rows a test is asked of: those of documents, or the elements of a list. */
interface Context {
  readonly table: Table;
  readonly list: string | null;
}

function compile(filter: Filter, context: Context): Test {
  switch (filter.kind) {
    case 'condition':
      return conditionTest(filter, context);
    case 'not': {
      const inner = compile(filter.of, context);
      return (row) => !inner(row);
    }
    case 'or':
      return anyElement(listOf(filter, context.table), context, (within) => {
        const alternatives = filter.of.map((one) => compile(one, within));
        return (row) => alternatives.some((test) => test(row));
      });
    case 'and':
      return conjunctionTest(filter.of, context);
  }
}

function conjunctionTest(parts: readonly Filter[], context: Context): Test {
  const together = new Map<string, Filter[]>();
  const tests: Test[] = [];
  for (const part of parts) {
    const list = part.kind === 'and' ? null : listOf(part, context.table);
    if (list === null) tests.push(compile(part, context));
    else together.set(list, [...(together.get(list) ?? []), part]);
  }
  for (const [list, ofOne] of together)
    tests.push(anyElement(list, context, (within) => allOf(ofOne.map((part) => compile(part, within)))));
  return allOf(tests);
}

function allOf(tests: readonly Test[]): Test {
  return (row) => {
    for (const test of tests) if (!test(row)) return false;
    return true;
  };
}

/** A test of the elements of a list, as one of a document; it stays one of an element where elements are asked already. */
function anyElement(list: string | null, context: Context, compileIn: (within: Context) => Test): Test {
  if (list === null || context.list !== null) return compileIn(context);
  const test = compileIn({ ...context, list });
  const starts = context.table.elements(list);
  return (row) => {
    const end = starts[row + 1] ?? 0;
    for (let element = starts[row] ?? 0; element < end; element += 1) if (test(element)) return true;
    return false;
  };
}

/** The list of whose elements a filter asks for one, or null. */
function listOf(filter: Filter, table: Table): string | null {
  if (filter.kind === 'not') return null;
  if (filter.kind === 'condition') {
    const { op, values } = filter;
    const ofAllElements = op === 'ne' || op === 'all' || (op === 'exists' && values[0] === false);
    return ofAllElements ? null : table.column(filter.field).field.nested;
  }
  if (filter.kind === 'and' && filter.of.some(({ kind }) => kind === 'and')) return null;
  const lists = filter.of.map((part) => listOf(part, table));
  const first = lists[0] ?? null;
  return lists.every((list) => list === first) ? first : null;
}

function conditionTest({ field: path, op, values: given }: Condition, { table, list }: Context): Test {
  const column = table.column(path);
  const starts = list === null ? column.starts : column.elementStarts;
  const values = given.map((value) => comparable(value, column.field)).filter((value) => value !== null);
  const any = (marks: Uint8Array): Test => hasMarked(column, starts, marks);
  const exists: Test = (row) => (starts[row + 1] ?? 0) > (starts[row] ?? 0);
  switch (op) {
    case 'eq':
      return any(equalTo(values, column));
    case 'ne': {
      const has = any(equalTo(values, column));
      return (row) => exists(row) && !has(row);
    }
    case 'all':
      return values.length === 0 ? () => false : allOf(values.map((value) => any(equalTo([value], column))));
    case 'exists':
      return (row) => exists(row) === given[0];
    case 'prefix':
      return any(marksOf(column, (value) => typeof value === 'string' && value.startsWith(String(given[0]))));
    case 'near':
      return any(Uint8Array.from(column.leaves, (leaf) => (isNear(given, leaf) ? 1 : 0)));
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return any(marksOf(column, comparison(op, operandOf(values, path))));
  }
}

function equalTo(values: readonly Comparable[], column: Column): Uint8Array {
  const marks = new Uint8Array(column.values.length);
  for (const value of values) {
    const number = column.numberOf(value);
    // What is too long is found by no value, not even by its own.
    if (number !== undefined && column.values[number] !== null) marks[number] = 1;
  }
  return marks;
}

function comparison(op: 'gt' | 'gte' | 'lt' | 'lte', operand: Comparable): (value: Comparable) => boolean {
  const holds = (order: number): boolean => {
    if (op === 'gt') return order > 0;
    if (op === 'gte') return order >= 0;
    return op === 'lt' ? order < 0 : order <= 0;
  };
  return (value) => holds(compareValues(value, operand, undefined));
}

function operandOf(values: readonly Comparable[], path: string): Comparable {
  const [operand] = values;
  if (operand === undefined) throw new SearchRefusedError(400, `'${path}' is compared with nothing.`);
  return operand;
}
