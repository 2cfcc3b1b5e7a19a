import type { FilterOp, QueryField } from '#views';
import type { QueryFault } from '../faults.js';
import type { ServedView } from '../served-view.js';
import {
  conditionsOf,
  filterableField,
  operatorFor,
  takesSeveral,
  type Amount,
  type Part,
} from './conditions.js';
import { splitList } from './csv.js';
import { reportOn } from './faults.js';
import type { Calendar } from './instants.js';
import type { FilterParameter } from './parameters.js';

/** The conditions of one field and operator, with the texts of all parameters that name both. */
interface Collected {
  readonly name: string;
  readonly field: QueryField;
  readonly op: FilterOp;
  readonly texts: string[];
}

/** Turns filter parameters into conditions side by side. */
export function readFilters(
  parameters: readonly FilterParameter[],
  view: ServedView,
  calendar: Calendar,
  amount: Amount,
  faults: QueryFault[],
): Part[] {
  const collected = new Map<string, Collected>();
  for (const parameter of parameters) collect(parameter, view, collected, faults);
  return [...collected.values()].flatMap(({ name, field, op, texts }) => {
    amount.add(texts.length);
    const read = conditionsOf({ field, op, operands: texts, form: 'text' }, calendar);
    if ('value' in read) return read.value.map((filter) => ({ field: field.path, filter }));
    faults.push({ parameter: name, ...read.fault, detail: `'${field.path}' ${read.fault.detail}.` });
    return [];
  });
}

function collect(
  { name, path, operator, value }: FilterParameter,
  view: ServedView,
  collected: Map<string, Collected>,
  faults: QueryFault[],
): void {
  const fault = reportOn(name, faults);
  const field = filterableField(path, view, operator === null, fault);
  const op = operatorFor(operator ?? 'eq', field, fault);
  if (field === null || op === null) return;
  if (value === '')
    return fault({
      code: 'value_empty',
      detail: `'${name}' has no value. Ask for a missing value with ${field.path}[exists]=false.`,
    });
  const split = splitList(value);
  if ('fault' in split)
    return fault({ code: 'value_quoting', detail: `The value of '${name}' ${split.fault}.` });

  const key = JSON.stringify([field.path, op]);
  const before = collected.get(key);
  if (takesSeveral.has(op) && before !== undefined) {
    before.texts.push(...split.items);
    return;
  }
  if (before !== undefined)
    return fault({ code: 'parameter_repeated', detail: `'${name}' takes one value and may be given once.` });
  if (!takesSeveral.has(op) && op !== 'near' && split.items.length > 1)
    return fault({
      code: 'value_invalid',
      detail: `'${name}' takes one value; a comma within it is written in quotes: "a,b".`,
    });
  collected.set(key, { name, field, op, texts: [...split.items] });
}
