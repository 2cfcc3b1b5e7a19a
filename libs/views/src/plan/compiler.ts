import type { AnyRef, ColumnDef } from '../source/columns.js';
import type { ColumnDescription, SourceDescription, ValueColumn } from '../source/description.js';
import { describe } from '../source/describe.js';
import type { Source } from '../source/source.js';
import { nameOfScope, type ColumnExpression, type Scope } from '../shape/expressions.js';
import type { Fault } from '../view/fault.js';
import type { Fallback, Filter, Level, Link, ShapeNode, SortKey } from './plan.js';

/** A level while its columns are still being collected. */
export interface LevelDraft {
  readonly id: string;
  readonly source: SourceDescription;
  readonly parent: LevelDraft | null;
  readonly link: Link | null;
  readonly where: Filter | null;
  readonly sort: readonly SortKey[];
  readonly limit: number | null;
  /** Paths that are read: `total`, `lines.quantity`. */
  readonly reads: Set<string>;
}

/** What a shape is compiled against: the row whose columns it may name. */
export interface Place {
  readonly level: LevelDraft;
  readonly scope: Scope;
  /** The path in the document. */
  readonly path: string;
  /** Whether there may be several of it in one document. */
  readonly several: boolean;
}

/** Compiles a shape inside another one: handed down, since joins and shapes contain each other. */
export type CompileShape = (compiler: Compiler, place: Place, shape: unknown) => ShapeNode | null;

/** What compiling a view collects. */
export class Compiler {
  readonly levels: LevelDraft[] = [];
  readonly faults: Fault[] = [];
  readonly computes = new Map<string, (...inputs: readonly unknown[]) => unknown>();
  /** Every source that was met, for check(). */
  readonly sources = new Map<string, Source>();
  private readonly descriptions = new Map<Source, SourceDescription>();

  constructor(readonly view: string) {}

  fault(path: string, problem: string, remedy: string): null {
    this.faults.push({ at: path === '' ? this.view : `${this.view}.${path}`, problem, remedy });
    return null;
  }

  describe(source: Source): SourceDescription {
    const known = this.descriptions.get(source);
    if (known !== undefined) return known;
    const description = describe(source);
    this.descriptions.set(source, description);
    this.sources.set(source.name, source);
    return description;
  }

  level(draft: Omit<LevelDraft, 'reads' | 'source'>, source: Source): LevelDraft {
    const level: LevelDraft = { ...draft, source: this.describe(source), reads: new Set() };
    this.levels.push(level);
    return level;
  }
}

/** Whether the expression belongs to the row at `place`; a fault if not. */
export function belongs(compiler: Compiler, place: Place, expression: ColumnExpression): boolean {
  if (expression.scope === place.scope) return true;
  compiler.fault(
    place.path,
    `'${expression.name}' belongs to '${nameOfScope(expression.scope)}', not to this shape.`,
    `Name a column of the row that this shape is of ('${nameOfScope(place.scope)}').`,
  );
  return false;
}

/** Notes that a column of the row at `place` is read, and returns its path from the level's row. */
export function read(place: Place, column: string): string {
  const path = place.scope.list === null ? column : `${place.scope.list}.${column}`;
  place.level.reads.add(path);
  return path;
}

/** The columns that a shape of this scope may name. */
export function columnsOf(compiler: Compiler, scope: Scope): readonly ColumnDescription[] {
  const { columns } = compiler.describe(scope.source);
  if (scope.list === null) return columns;
  return columns.flatMap((column) =>
    column.kind === 'list' && column.name === scope.list ? column.columns : [],
  );
}

export function valueColumns(columns: readonly ColumnDescription[]): ReadonlyMap<string, ValueColumn> {
  return new Map(
    columns.flatMap((column) => (column.kind === 'list' ? [] : [[column.name, column] as const])),
  );
}

/** The reference that a column is or holds several of. */
export function referenceIn(def: ColumnDef): AnyRef | null {
  if (def.kind === 'ref') return def;
  const item = def.kind === 'array' ? (def.item as ColumnDef) : null;
  return item?.kind === 'ref' ? item : null;
}

/** The level as the plan has it, with its columns in order. */
export function finishLevel(draft: LevelDraft): Level {
  const { id, source, parent, link, where, sort, limit, reads } = draft;
  const fallbacks = [...reads].sort().flatMap((path) => fallback(source, path));
  const columns = [...new Set([...reads].map((path) => path.split('.')[0] ?? path))].sort();
  const level = { id, source: source.name, parent: parent?.id ?? null, link, where, sort, limit, columns };
  return fallbacks.length === 0 ? level : { ...level, fallbacks };
}

function fallback(source: SourceDescription, path: string): Fallback[] {
  const [top, item] = path.split('.');
  const column = source.columns.find((one) => one.name === top);
  const value = column?.kind === 'list' ? column.columns.find((one) => one.name === item) : column;
  if (
    value === undefined ||
    !('nullable' in value) ||
    (value.was === undefined && value.default === undefined)
  )
    return [];
  const was = value.was === undefined ? {} : { was: value.was };
  return [{ column: path, ...was, ...(value.default === undefined ? {} : { default: value.default }) }];
}
