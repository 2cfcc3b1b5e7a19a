import type { Filter, QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import {
  conditionsOf,
  filterableField,
  filterOf,
  operatorFor,
  takesSeveral,
  type Amount,
  type Part,
} from './conditions.js';
import { isObject, quoted, reportOn, shortened } from './faults.js';
import type { Calendar } from './instants.js';
import { limits } from './limits.js';

interface Context {
  readonly view: ServedView;
  readonly calendar: Calendar;
  readonly amount: Amount;
  readonly faults: QueryFault[];
}

/**
 * Reads the object grammar of filters: `{ status: ['a', 'b'], total: { gte: 1 }, or: […], not: {…} }`. It means what the
 * same object means in the declaration of a view. Faults name their place as `where.or[0].status`.
 */
export function readWhere(where: unknown, context: Context): Part[] {
  return group(context, 'where', where, 1);
}

/** As `readWhere`, of the text that a query string has. */
export function readWhereText(text: string | undefined, context: Context): Part[] {
  if (text === undefined) return [];
  let where: unknown;
  try {
    where = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const detail = `where takes an object in JSON, such as {"status":"paid"}, and has ${quoted(text)}.`;
    context.faults.push({ parameter: 'where', code: 'value_invalid', detail });
    return [];
  }
  return readWhere(where, context);
}

function group(context: Context, at: string, input: unknown, depth: number): Part[] {
  const report = reportOn(shortened(at, 200), context.faults);
  if (depth > limits.depth) {
    report({
      code: 'where_too_deep',
      detail: `and, or and not may lie ${limits.depth} levels deep at most.`,
    });
    return [];
  }
  if (!isObject(input)) {
    report({
      code: 'value_invalid',
      detail: `A filter is an object such as {"status":"paid"}, and is ${quoted(input)}.`,
    });
    return [];
  }
  return Object.entries(input).flatMap(([key, asked]) => {
    if (key === 'and' || key === 'or') return alternatives(context, `${at}.${key}`, key, asked, depth);
    if (key === 'not') return negation(context, `${at}.not`, asked, depth);
    return field(context, `${at}.${key}`, key, asked);
  });
}

function alternatives(
  context: Context,
  at: string,
  kind: 'and' | 'or',
  asked: unknown,
  depth: number,
): Part[] {
  if (!Array.isArray(asked)) {
    context.faults.push({
      parameter: shortened(at, 200),
      code: 'value_invalid',
      detail: `'${kind}' takes a list of filters, and is ${quoted(asked)}.`,
    });
    return [];
  }
  // Entries cost work though they hold no condition.
  context.amount.conditions += asked.length;
  if (context.amount.conditions > limits.conditions) return [];
  const of = asked.map((one, index) => filterOf(group(context, `${at}[${index}]`, one, depth + 1)));
  // An empty filter matches everything: it settles an 'or' and adds nothing to an 'and'.
  if (kind === 'or')
    return of.includes(null) ? [] : [logical({ kind: 'or', of: of.filter((one) => one !== null) })];
  // Conditions on one list that stand side by side mean the same element; entries of an 'and' each mean their own.
  return of.filter((one) => one !== null).map(logical);
}

function negation(context: Context, at: string, asked: unknown, depth: number): Part[] {
  const before = context.faults.length;
  const of = filterOf(group(context, at, asked, depth + 1));
  if (of !== null) return [logical({ kind: 'not', of })];
  if (context.faults.length === before)
    context.faults.push({
      parameter: shortened(at, 200),
      code: 'value_empty',
      detail: `'not' has no condition, and would match nothing.`,
    });
  return [];
}

function logical(filter: Filter): Part {
  return { field: null, filter };
}

function field(context: Context, at: string, path: string, asked: unknown): Part[] {
  const report = reportOn(shortened(at, 200), context.faults);
  const found = filterableField(path, context.view, false, report);
  if (found === null) return [];
  if (!isObject(asked)) return condition(context, at, found, 'eq', asked);
  const operators = Object.entries(asked);
  if (operators.length === 0) report({ code: 'value_empty', detail: `'${path}' has no operator.` });
  return operators.flatMap(([operator, operand]) =>
    condition(context, `${at}.${operator}`, found, operator, operand),
  );
}

function condition(context: Context, at: string, found: QueryField, word: string, operand: unknown): Part[] {
  const report = reportOn(shortened(at, 200), context.faults);
  const op = operatorFor(word, found, report);
  if (op === null) return [];
  if (!takesSeveral.has(op) && Array.isArray(operand)) {
    report({ code: 'value_invalid', detail: `'${word}' takes one value, and has a list.` });
    return [];
  }
  const operands: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  context.amount.add(operands.length);
  if (operands.includes(null)) {
    report({
      code: 'value_invalid',
      detail: `'${found.path}' is compared with null; a missing value is asked for by {"exists":false}.`,
    });
    return [];
  }
  const read = conditionsOf({ field: found, op, operands, form: 'json' }, context.calendar);
  if ('value' in read) return read.value.map((filter) => ({ field: found.path, filter }));
  report({ ...read.fault, detail: `'${found.path}' ${read.fault.detail}.` });
  return [];
}
