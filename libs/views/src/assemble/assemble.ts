import { PrejoinError, messageOf } from '#kernel';
import { valueFault } from '../filter/normalize.js';
import { matches } from '../filter/matches.js';
import type { ComputeNode, Plan, ShapeNode, ValueNode } from '../plan/plan.js';
import { partnersOf, valueAt, type Partners } from './partners.js';
import { itemsOf, type Data } from './read.js';
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
/** The row that a node reads, or the item of one of its lists. */
interface At {
  readonly level: Partners;
  readonly row: LoadedRow;
  readonly item: Data | null;
  readonly list: string | null;
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
  const partners = new Map(
    plan.levels.map((level) => [level.id, partnersOf(level, rows.get(level.id) ?? [])]),
  );
  const batch: Batch = { plan, partners, computes };
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
    if (thrown instanceof ComputeFault) return { id, fault: thrown.message };
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
      const made = partner === undefined ? absent : make(batch, node.of, rowAt(batch, node.level, partner));
      if (made === absent) return node.required ? absent : (node.orElse ?? null);
      return made ?? node.orElse ?? null;
    }
    case 'many': {
      const rows = levelOf(batch, node.level).of(at.row, at.item);
      return present(rows.map((row) => make(batch, node.of, rowAt(batch, node.level, row))));
    }
    case 'items':
      return makeItems(batch, node, at);
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
    at.item === null
      ? valueAt(at.row, node.column, at.level.read)
      : at.level.read(at.item, node.column, at.list);
  if (node.array) return present(Array.isArray(value) ? (value as Json[]) : []);
  // The state is JSON as it was received, checked by the source's contract.
  return (value as Json) ?? node.orElse ?? null;
}

function makeItems(batch: Batch, node: Extract<ShapeNode, { node: 'items' }>, at: At): Json {
  const { column, where } = node;
  const items = itemsOf(at.row.data, column).filter((item) =>
    matches(where, (field) => at.level.read(item, field, column)),
  );
  return present(items.map((item) => make(batch, node.of, { ...at, item, list: column })));
}

/** Absent elements and nulls are left out of lists. */
function present(made: readonly Made[]): Json[] {
  return made.filter((one): one is Exclude<Json, null> => one !== absent && one !== null);
}

class ComputeFault extends Error {}

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
    throw new ComputeFault(`The compute function '${node.key}' ${fault}, and gave ${shown(value)}.`);
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
    throw new ComputeFault(`The compute function '${node.key}' threw: ${messageOf(thrown)}`, {
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

function rowAt(batch: Batch, level: string, row: LoadedRow): At {
  return { level: levelOf(batch, level), row, item: null, list: null };
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
