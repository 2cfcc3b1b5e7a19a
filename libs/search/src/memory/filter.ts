import { compareValues, isNear, type Filter, type FilterValue, type QueryField } from '#views';
import { SearchRefusedError } from '../errors.js';
import { fieldOf, type Fields } from '../fields.js';
import { comparable, elementsOf, leavesOf, valuesOf, type Comparable, type Holder } from './document.js';

type Condition = Extract<Filter, { kind: 'condition' }>;
export type Test = (holder: Holder) => boolean;

/**
 * What a filter says, as a test of one document.
 *
 * A condition is met by any value of its field, wherever in the document. Conditions that stand side by side and speak of
 * one list are met together by one of its elements; what is negative, and an `and` within an `and`, speaks of the whole
 * document instead.
 */
export function testOf(filter: Filter | null, fields: Fields): Test {
  if (filter === null) return () => true;
  switch (filter.kind) {
    case 'condition':
      return conditionTest(filter, fieldOf(filter.field, fields));
    case 'not': {
      const inner = testOf(filter.of, fields);
      return (holder) => !inner(holder);
    }
    case 'or': {
      const list = listOf(filter, fields);
      const alternatives = filter.of.map((one) => testOf(one, fields));
      return anyElement(list, (holder) => alternatives.some((test) => test(holder)));
    }
    case 'and':
      return conjunctionTest(filter.of, fields);
  }
}

function conjunctionTest(parts: readonly Filter[], fields: Fields): Test {
  const together = new Map<string, Test[]>();
  const apart: Test[] = [];
  for (const part of parts) {
    const list = part.kind === 'and' ? null : listOf(part, fields);
    const test = testOf(part, fields);
    if (list === null) apart.push(test);
    else together.set(list, [...(together.get(list) ?? []), test]);
  }
  for (const [list, tests] of together)
    apart.push(anyElement(list, (element) => tests.every((test) => test(element))));
  return (holder) => apart.every((test) => test(holder));
}

/** A test of an element stays one when it is given the element already. */
function anyElement(list: string | null, test: Test): Test {
  if (list === null) return test;
  const elements = elementsOf(list);
  return (holder) => (holder.depth > 0 ? test(holder) : elements(holder).some(test));
}

/** The list of whose elements a filter asks for one, or null. */
function listOf(filter: Filter, fields: Fields): string | null {
  if (filter.kind === 'not') return null;
  if (filter.kind === 'condition') {
    const { op, values } = filter;
    const ofAllElements = op === 'ne' || op === 'all' || (op === 'exists' && values[0] === false);
    return ofAllElements ? null : fieldOf(filter.field, fields).nested;
  }
  if (filter.kind === 'and' && filter.of.some(({ kind }) => kind === 'and')) return null;
  const lists = filter.of.map((part) => listOf(part, fields));
  const first = lists[0] ?? null;
  return lists.every((list) => list === first) ? first : null;
}

function conditionTest({ op, values: given }: Condition, field: QueryField): Test {
  const values = given.map((value) => comparable(value, field)).filter((value) => value !== null);
  const isOneOf = new Set<Comparable>(values);
  const [read, leaves] = [valuesOf(field), leavesOf(field)];
  switch (op) {
    case 'eq':
      return (holder) => read(holder).some((value) => isOneOf.has(value));
    case 'ne':
      return (holder) => leaves(holder).length > 0 && !read(holder).some((value) => isOneOf.has(value));
    case 'all':
      return (holder) => values.length > 0 && values.every((value) => read(holder).includes(value));
    case 'exists':
      return (holder) => leaves(holder).length > 0 === given[0];
    case 'prefix':
      return (holder) =>
        read(holder).some((value) => typeof value === 'string' && value.startsWith(String(given[0])));
    case 'near':
      return (holder) => leaves(holder).some((point) => isNear(given, point));
    case 'gt':
    case 'gte':
    case 'lt':
    case 'lte':
      return orderTest(op, operandOf(values, field), field);
  }
}

function orderTest(op: 'gt' | 'gte' | 'lt' | 'lte', operand: Comparable, field: QueryField): Test {
  const holds = (order: number): boolean => {
    if (op === 'gt') return order > 0;
    if (op === 'gte') return order >= 0;
    return op === 'lt' ? order < 0 : order <= 0;
  };
  const read = valuesOf(field);
  return (holder) => read(holder).some((value) => holds(compareValues(value, operand, undefined)));
}

function operandOf(values: readonly FilterValue[], field: QueryField): FilterValue {
  const [operand] = values;
  if (operand === undefined) throw new SearchRefusedError(400, `'${field.path}' is compared with nothing.`);
  return operand;
}
