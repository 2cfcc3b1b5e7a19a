import type { AnyRef, ColumnDef } from '../source/columns.js';
import type { ColumnDescription, SourceDescription } from '../source/description.js';
import { describe } from '../source/describe.js';
import type { Source } from '../source/source.js';
import {
  nameOfScope,
  type ColumnExpression,
  type MissingExpression,
  type Scope,
} from '../shape/expressions.js';
import type { Fault } from '../view/fault.js';
import type { DerivedColumn, Fallback, Filter, Level, Link, RollUp, ShapeNode, SortKey } from './plan.js';

/** A level while its columns are still being collected. */
export interface LevelDraft {
  readonly id: string;
  readonly source: SourceDescription;
  readonly parent: LevelDraft | null;
  readonly link: Link | null;
  readonly where: Filter | null;
  readonly sort: readonly SortKey[];
  readonly limit: number | null;
  readonly derived?: readonly DerivedColumn[];
  readonly rollUp?: RollUp;
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

  /** Something that the view can not be compiled with. */
  fault(path: string, problem: string, remedy: string): null {
    this.faults.push({ severity: 'error', at: this.at(path), problem, remedy });
    return null;
  }

  /** Something that is hardly meant, and works. */
  warn(path: string, problem: string, remedy: string): void {
    this.faults.push({ severity: 'warning', at: this.at(path), problem, remedy });
  }

  missing(path: string, { scope, name }: MissingExpression): null {
    const known = Object.keys(scope.columns).join(', ');
    return this.fault(path, `${nameOfScope(scope)} has no column '${name}'.`, `Name one of ${known}.`);
  }

  private at(path: string): string {
    return path === '' ? this.view : `${this.view}.${path}`;
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

/** Whether the expression belongs to the row at `place`, or to the row that owns the item there; a fault if not. */
export function belongs(compiler: Compiler, place: Place, expression: ColumnExpression): boolean {
  if (expression.scope === place.scope || expression.scope === place.scope.owner) return true;
  compiler.fault(
    place.path,
    `'${expression.name}' belongs to '${nameOfScope(expression.scope)}', not to this shape.`,
    `Name a column of the row that this shape is of ('${nameOfScope(place.scope)}').`,
  );
  return false;
}

/** Notes that a column of the scope, which is that of the row at `place` or lies in it, is read. */
export function read(place: Place, scope: Scope, column: string): void {
  place.level.reads.add(pathIn(scope, column));
}

/** The path of a column from the row that the scope is of. */
export function pathIn({ list }: Scope, column: string): string {
  return list === null ? column : `${list}.${column}`;
}

/** The columns that a shape of this scope may name. */
export function columnsOf(compiler: Compiler, scope: Scope): readonly ColumnDescription[] {
  const { columns } = compiler.describe(scope.source);
  if (scope.list === null) return columns;
  return columns.flatMap((column) =>
    column.kind === 'list' && column.name === scope.list ? column.columns : [],
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
  const { id, source, parent, link, where, sort, limit, derived, rollUp, reads } = draft;
  const fallbacks = [...reads].sort().flatMap((path) => fallback(source, path));
  const columns = [...new Set([...reads].map((path) => path.split('.')[0] ?? path))].sort();
  return {
    id,
    source: source.name,
    parent: parent?.id ?? null,
    link,
    where,
    sort,
    limit,
    columns,
    ...(fallbacks.length === 0 ? {} : { fallbacks }),
    ...(derived === undefined ? {} : { derived }),
    ...(rollUp === undefined ? {} : { rollUp }),
  };
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
