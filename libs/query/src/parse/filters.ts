import { operatorsOf, type Filter, type FilterOp, type QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import { splitList } from './csv.js';
import type { Calendar } from './instants.js';
import { controlWords, type FilterParameter } from './parameters.js';
import { nearest } from './suggest.js';
import { instantCondition, readBoolean, readValue, type Read } from './values.js';

const knownOperators = [
  'eq',
  'ne',
  'gt',
  'gte',
  'lt',
  'lte',
  'exists',
  'prefix',
] as const satisfies readonly FilterOp[];
/** Words of the grammar that this server does not know yet: told apart from a slip. */
const laterOperators = ['all', 'near'];

/** Elasticsearch takes more, but a list of values this long is a join done by hand. */
const mostValues = 200;
const longestValue = 1_000;

/** The conditions of one field and operator, with the texts of all parameters that name both. */
interface Asked {
  readonly name: string;
  readonly field: QueryField;
  readonly op: FilterOp;
  readonly texts: string[];
}

/** Turns filter parameters into one filter; conditions side by side in its `and` mean one element of a list. */
export function readFilters(
  parameters: readonly FilterParameter[],
  view: ServedView,
  calendar: Calendar,
  faults: QueryFault[],
): Filter | null {
  const asked = new Map<string, Asked>();
  for (const parameter of parameters) collect(parameter, view, asked, faults);
  const values = [...asked.values()].reduce((sum, { texts }) => sum + texts.length, 0);
  if (values > mostValues)
    faults.push({
      parameter: '',
      code: 'too_many_values',
      detail: `A query compares with at most ${mostValues} values, and this one with ${values}.`,
    });

  const of = [...asked.values()].flatMap((one) => {
    const read = conditions(one, calendar);
    if ('value' in read) return read.value;
    faults.push({ parameter: one.name, ...read.fault, detail: `'${one.field.path}' ${read.fault.detail}.` });
    return [];
  });
  if (of.length === 0) return null;
  return { kind: 'and', of };
}

function collect(
  parameter: FilterParameter,
  view: ServedView,
  asked: Map<string, Asked>,
  faults: QueryFault[],
): void {
  const { name, value } = parameter;
  const fault = (rest: Omit<QueryFault, 'parameter'>): void => void faults.push({ parameter: name, ...rest });
  if (laterOperators.includes(parameter.operator ?? ''))
    return fault({
      code: 'unsupported_parameter',
      detail: `The operator '${parameter.operator}' is not supported yet.`,
    });
  const field = fieldOf(parameter, view, fault);
  const op = operatorOf(parameter, field, fault);
  if (field === null || op === null) return;
  if (value === '')
    return fault({
      code: 'value_empty',
      detail: `'${name}' has no value. Ask for a missing value with ${field.path}[exists]=false.`,
    });
  const split = splitList(value);
  if ('fault' in split)
    return fault({ code: 'value_quoting', detail: `The value of '${name}' ${split.fault}.` });
  if (split.items.some((item) => item.length > longestValue))
    return fault({ code: 'value_too_long', detail: `A value has at most ${longestValue} characters.` });

  const key = JSON.stringify([field.path, op]);
  const before = asked.get(key);
  const several = op === 'eq' || op === 'ne';
  if (!several && before !== undefined)
    return fault({ code: 'parameter_repeated', detail: `'${name}' takes one value and may be given once.` });
  if (!several && split.items.length > 1)
    return fault({
      code: 'value_invalid',
      detail: `'${name}' takes one value; a comma within it is written in quotes: "a,b".`,
    });
  if (before === undefined) asked.set(key, { name, field, op, texts: [...split.items] });
  else before.texts.push(...split.items);
}

type Report = (fault: Omit<QueryFault, 'parameter'>) => void;

function fieldOf({ path, operator }: FilterParameter, view: ServedView, fault: Report): QueryField | null {
  const field = view.fields.get(path);
  if (field?.filterable) return field;
  const filterable = [...view.fields.values()].filter((one) => one.filterable).map((one) => one.path);
  if (field !== undefined) {
    const why =
      field.kind === 'prose'
        ? 'it is text for q'
        : field.hints.carry
          ? 'it is carried, not indexed'
          : `it is ${field.kind}`;
    fault({
      code: 'field_not_filterable',
      detail: `'${path}' can not be filtered on: ${why}.`,
      allowed: filterable,
    });
    return null;
  }
  const didYouMean = nearest(path, operator === null ? [...filterable, ...controlWords] : filterable);
  const name = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  fault({
    code: 'field_unknown',
    detail: `'${view.name}' has no field '${name}'.`,
    allowed: filterable,
    ...(didYouMean === undefined ? {} : { didYouMean }),
  });
  return null;
}

function operatorOf({ operator }: FilterParameter, field: QueryField | null, fault: Report): FilterOp | null {
  const word = operator ?? 'eq';
  const op = knownOperators.find((known) => known === word);
  const allowed = field === null ? knownOperators : operatorsOf(field.kind);
  if (op === undefined) {
    const didYouMean = nearest(word, allowed);
    fault({
      code: 'operator_unknown',
      detail: `There is no operator '${word.slice(0, 100)}'.`,
      allowed,
      ...(didYouMean === undefined ? {} : { didYouMean }),
    });
    return null;
  }
  if (allowed.includes(op)) return op;
  fault({
    code: 'operator_not_allowed',
    detail: `'${field?.path}' is ${field?.kind} and can not be compared by '${op}'.`,
    allowed,
  });
  return null;
}

function conditions({ field, op, texts }: Asked, calendar: Calendar): Read<Filter[]> {
  const condition = (values: Read<(string | number | boolean)[]>): Read<Filter[]> =>
    'fault' in values
      ? values
      : { value: [{ kind: 'condition', field: field.path, op, values: values.value }] };
  if (op === 'exists') return condition(readAll(texts, readBoolean));
  if (field.kind === 'instant') return instantCondition(field.path, op, texts, calendar);
  return condition(readAll(texts, (text) => readValue(text, field)));
}

function readAll<T>(texts: readonly string[], read: (text: string) => Read<T>): Read<T[]> {
  const values: T[] = [];
  for (const text of texts) {
    const one = read(text);
    if ('fault' in one) return one;
    values.push(one.value);
  }
  return { value: values };
}
