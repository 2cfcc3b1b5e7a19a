import type { Computes } from '../assemble/rows.js';
import { checkFanOut } from '../check/fan-out.js';
import { checkSources } from '../check/sources.js';
import { valueFault, type FilterColumn } from '../filter/normalize.js';
import type { Source } from '../source/source.js';
import { ViewInvalidError, type Fault } from '../view/fault.js';
import type { View } from '../view/view.js';
import { canonicalJson, shortHash } from './canonical.js';
import { Compiler, finishLevel, type Place } from './compiler.js';
import { compileSort, compileWhere, fieldsIn, optionColumns } from './options.js';
import type { Plan, ShapeNode, SortKey } from './plan.js';
import { compileShape } from './shape.js';

/** A view of any source and shape. */
export type AnyView = View<string, { readonly name: string }, unknown>;

interface Compiled {
  readonly plan: Plan;
  readonly computes: Computes;
  readonly faults: readonly Fault[];
  readonly sources: readonly Source[];
}

/**
 * The plan of a view: the same declaration gives the same plan and fingerprint in every process.
 * @throws {ViewInvalidError} with all faults that are errors
 */
export function compile(view: AnyView): Plan {
  const { plan, faults } = run(view);
  const errors = faults.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new ViewInvalidError(view.name, errors);
  return plan;
}

/** The compute functions of a view by the keys that its plan has. */
export function computesOf(view: AnyView): Computes {
  return run(view).computes;
}

/** All faults of a view and of the sources that it uses. It compiles when none of them is an error. */
export function check(view: AnyView): readonly Fault[] {
  return run(view).faults;
}

/** Every source that a view uses, its root first. */
export function sourcesOf(view: AnyView): readonly Source[] {
  return run(view).sources;
}

const viewName = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

function run(view: AnyView): Compiled {
  const compiler = new Compiler(view.name);
  if (!viewName.test(view.name) || view.name.length > 60) {
    compiler.fault(
      '',
      `'${view.name}' is no name for a view.`,
      'Use lower-case words joined by hyphens, 60 characters at most.',
    );
  }
  checkServing(compiler, view);
  const { source } = view.scope;
  const columns = optionColumns(compiler, view.scope);
  const where = compileWhere(compiler, '', view.options.where, columns, 'No event can ever feed this view');
  const rootSort = compileSort(compiler, '', view.options.sort, columns);
  const root = compiler.level(
    { id: '', parent: null, link: null, where: null, sort: [], limit: null },
    source,
  );
  for (const column of ['id', ...fieldsIn(where)]) root.reads.add(column);
  const place: Place = { level: root, scope: view.scope, path: '', several: false };
  const shape = withId(compiler, compileShape(compiler, place, view.shape));
  const sort = sortFields(compiler, rootSort, shape);
  const levels = compiler.levels.map(finishLevel);
  const body = { view: view.name, root: source.name, where, sort, levels, shape };
  const plan: Plan = { ...body, fingerprint: shortHash(canonicalJson(body)) };
  checkFanOut(compiler);
  const sources = [...compiler.sources.values()];
  const faults = [...checkSources(sources), ...compiler.faults];
  return { plan, faults, computes: compiler.computes, sources };
}

/** How a view is served is no part of its plan: a change of it builds nothing again. */
function checkServing(compiler: Compiler, { name, options: { was, deprecated } }: AnyView): void {
  if (was !== undefined && (!viewName.test(was) || was === name)) {
    compiler.fault(
      '',
      `'${was}' is no name that '${name}' had before.`,
      'Give the name of its last release.',
    );
  }
  const day: FilterColumn = { kind: 'day', nullable: false };
  if (deprecated !== undefined && valueFault(day, deprecated) !== null) {
    compiler.fault('', `'${deprecated}' is no day.`, `Write it as in deprecated: '2027-03-01'.`);
  }
}

type ObjectNode = Extract<ShapeNode, { node: 'object' }>;

/** The document begins with the root's id, whether the shape names it or not. */
function withId(compiler: Compiler, shape: ShapeNode | null): ObjectNode {
  if (shape?.node !== 'object') {
    if (shape !== null) compiler.fault('', 'The shape is a single field.', 'Return an object.');
    return { node: 'object', fields: [] };
  }
  const own = shape.fields.find((field) => field.name === 'id');
  if (own !== undefined && !(own.of.node === 'value' && own.of.column === 'id')) {
    compiler.fault('id', `'id' is the root's id in every document.`, 'Choose another name for this field.');
  }
  const id = own ?? {
    name: 'id',
    of: { node: 'value', column: 'id', kind: 'id', array: false, nullable: false, hints: {} } as const,
  };
  return { node: 'object', fields: [id, ...shape.fields.filter((field) => field !== own)] };
}

/** The view's sort names columns of the root; the plan has the fields of the document that hold them. */
function sortFields(compiler: Compiler, sort: readonly SortKey[], shape: ObjectNode): readonly SortKey[] {
  return sort.flatMap((key) => {
    const field = shape.fields.find(
      ({ of }) => of.node === 'value' && of.column === key.column && of.hints.carry !== true,
    );
    if (field !== undefined) return [{ ...key, column: field.name }];
    compiler.fault(
      '',
      `The view sorts by '${key.column}', which no field of the document holds.`,
      `Add the field '${key.column}'.`,
    );
    return [];
  });
}
