import { PrejoinError, messageOf } from '#kernel';
import { valueFault } from '../filter/normalize.js';
import { matches } from '../filter/matches.js';
import type { ComputeNode, Filter, Plan, RollUpNode, ShapeNode, ValueNode } from '../plan/plan.js';
import { rollUpOfNothing, rollUpValues, type RolledUp } from '../roll-up/roll-up-values.js';
import { elementAt, elementValue, partnersByLevel, valueAt, type At, type Partners } from './partners.js';
import { itemsOf, valuesIn, type Data } from './read.js';
import type { Assembled, Computes, Json, LoadedRow, LoadedRows } from './rows.js';

/** A plan names a compute function that this process does not have: another one must build its documents. */
export class ComputeMissingError extends PrejoinError {
  constructor(view: string, key: string) {
    super(
      'compute_missing',
      `The plan of '${view}' names the compute function '${key}', which this process does not have.`,
      {
        remedy: 'Let a process build the view that has the declaration which the plan was compiled from.',
      },
    );
  }
}

/** A required partner is missing: what holds it is absent as well, up to the next join or the document. */
const absent = Symbol('prejoin.absent');
type Made = Json | typeof absent;

interface Batch {
  readonly plan: Plan;
  readonly partners: ReadonlyMap<string, Partners>;
  readonly computes: Computes;
}
/**
 * The documents of `rootIds`, in that order, from the rows that a snapshot held. Pure: the same rows give the same
 * documents, in whatever order they were loaded.
 *
 * Missing partners are null (`one`) or left out (`many`); sorts put nulls last and break ties by id.
 * @throws {ComputeMissingError} when the plan needs a function that `computes` lacks
 */
export function assemble(
  plan: Plan,
  rootIds: readonly string[],
  rows: LoadedRows,
  computes: Computes,
): readonly Assembled[] {
  const batch: Batch = { plan, partners: partnersByLevel(plan, rows), computes };
  const roots = new Map((rows.get('') ?? []).map((row) => [row.id, row]));
  return rootIds.map((id) => assembleOne(batch, id, roots.get(id)));
}

function assembleOne(batch: Batch, id: string, row: LoadedRow | undefined): Assembled {
  const level = levelOf(batch, '');
  if (row === undefined || !matches(batch.plan.where, (field) => valueAt(row, field, level.read)))
    return { id, document: null };
  try {
    const made = make(batch, batch.plan.shape, { level, row, item: null, list: null });
    return { id, document: made === absent ? null : (made as { readonly [name: string]: Json }) };
  } catch (thrown) {
    if (thrown instanceof DocumentFault) return { id, fault: thrown.message };
    throw thrown;
  }
}

function make(batch: Batch, node: ShapeNode, at: At): Made {
  switch (node.node) {
    case 'object':
      return makeObject(batch, node, at);
    case 'value':
      return makeValue(node, at);
    case 'constant':
      return node.value;
    case 'one': {
      const [partner] = levelOf(batch, node.level).of(at.row, at.item);
      const made =
        partner === undefined ? absent : make(batch, node.of, elementAt(levelOf(batch, node.level), partner));
      if (made === absent) return node.required ? absent : (node.orElse ?? null);
      return made ?? node.orElse ?? null;
    }
    case 'many': {
      const elements = levelOf(batch, node.level).of(at.row, at.item);
      return present(
        elements.map((element) => make(batch, node.of, elementAt(levelOf(batch, node.level), element))),
      );
    }
    case 'items':
      return makeItems(batch, node, at);
    case 'rollUp':
      return makeRollUp(batch, node, at);
    case 'compute':
      return makeComputed(batch, node, at);
  }
}

function makeObject(batch: Batch, node: Extract<ShapeNode, { node: 'object' }>, at: At): Made {
  const object: Record<string, Json> = {};
  for (const { name, of } of node.fields) {
    const made = make(batch, of, at);
    if (made === absent) return absent;
    object[name] = made;
  }
  return object;
}

function makeValue(node: ValueNode, at: At): Json {
  const value =
    at.item === null || node.ofOwner
      ? valueAt(at.row, node.column, at.level.read)
      : at.level.read(at.item, node.column, at.list);
  if (node.array) return present(Array.isArray(value) ? (value as Json[]) : []);
  // The state is JSON as it was received, checked by the source's contract.
  return (value as Json) ?? node.orElse ?? null;
}

function makeItems(batch: Batch, node: Extract<ShapeNode, { node: 'items' }>, at: At): Json {
  const { column, where } = node;
  const items = itemsWhere(at, column, where);
  return present(items.map((item) => make(batch, node.of, { ...at, item, list: column })));
}

function itemsWhere(at: At, list: string, where: Filter | null): readonly Data[] {
  return itemsOf(at.row.data, list).filter((item) =>
    matches(where, (field) => at.level.read(item, field, list)),
  );
}

function makeRollUp(batch: Batch, node: RollUpNode, at: At): Json {
  const rolled =
    'items' in node.over ? ofItems(node, at, node.over) : ofLevel(batch, node, at, node.over.level);
  const value = rolled ?? node.orElse ?? null;
  const fault =
    value === null || node.kind === 'geo' || node.kind === 'json' ? null : valueFault(node, value);
  if (fault !== null) throw new DocumentFault(`A roll-up (${node.rollUp.fn}) ${fault}, and gave ${value}.`);
  return value;
}

function ofItems(
  { rollUp }: RollUpNode,
  at: At,
  { items, where }: { readonly items: string; readonly where: Filter | null },
): RolledUp {
  const column = rollUp.value?.column.slice(items.length + 1);
  const values = itemsWhere(at, items, where).flatMap((item) =>
    column === undefined ? [item] : valuesIn(at.level.read(item, column, items)),
  );
  return rollUpValues(rollUp, values);
}

/** The database has rolled up a backward level by key; what an array of references leads to is rolled up here. */
function ofLevel(batch: Batch, { rollUp }: RollUpNode, at: At, id: string): RolledUp {
  const level = levelOf(batch, id);
  const elements = level.of(at.row, at.item);
  if (level.rolledUp)
    return (elements[0]?.row.data['value'] as RolledUp | undefined) ?? rollUpOfNothing(rollUp);
  const { value } = rollUp;
  return rollUpValues(
    rollUp,
    elements.flatMap((element) =>
      value === null ? [element] : valuesIn(elementValue(element, value.column, level.read)),
    ),
  );
}

/** Absent elements and nulls are left out of lists. */
function present(made: readonly Made[]): Json[] {
  return made.filter((one): one is Exclude<Json, null> => one !== absent && one !== null);
}

class DocumentFault extends Error {}

function makeComputed(batch: Batch, node: ComputeNode, at: At): Made {
  const run = batch.computes.get(node.key);
  if (run === undefined) throw new ComputeMissingError(batch.plan.view, node.key);
  const inputs: Json[] = [];
  for (const input of node.inputs) {
    const made = make(batch, input, at);
    if (made === absent) return absent;
    inputs.push(made);
  }
  const value = (call(node, run, inputs) ?? node.orElse ?? null) as Json;
  const fault = computedFault(node, value);
  if (fault !== null)
    throw new DocumentFault(`The compute function '${node.key}' ${fault}, and gave ${shown(value)}.`);
  return value;
}

function call(
  node: ComputeNode,
  run: (...inputs: readonly unknown[]) => unknown,
  inputs: readonly Json[],
): unknown {
  try {
    return run(...inputs);
  } catch (thrown) {
    throw new DocumentFault(`The compute function '${node.key}' threw: ${messageOf(thrown)}`, {
      cause: thrown,
    });
  }
}

function computedFault(node: ComputeNode, value: Json): string | null {
  if (value === null) return node.nullable ? null : `must not give null`;
  if (node.kind === 'json' || node.kind === 'geo') return null;
  const fault = valueFault(node, value);
  return fault === null ? null : `is declared as ${node.kind}, which ${fault}`;
}

function levelOf(batch: Batch, id: string): Partners {
  const partners = batch.partners.get(id);
  if (partners === undefined)
    throw new Error(`The plan of '${batch.plan.view}' names a level '${id}' that it does not have.`);
  return partners;
}

/** JSON has no NaN or Infinity, which are the likely faults of arithmetic. */
function shown(value: Json): string {
  return typeof value === 'number' ? value.toString() : JSON.stringify(value);
}
