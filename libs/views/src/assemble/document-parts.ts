import { matches } from '../filter/matches.js';
import type { Plan, RollUp, ShapeNode } from '../plan/plan.js';
import { elementAt, partnersByLevel, valueAt, type At, type Partners } from './partners.js';
import { itemsOf } from './read.js';
import type { LoadedRow, LoadedRows } from './rows.js';

/** What stands behind one place of a document. */
export interface DocumentPart {
  /** Where it stands: '' is the document itself, else `customer`, `lines[0].product`. */
  readonly path: string;
  readonly level: string;
  readonly source: string;
  /** The row; null where a join led to none, and of a roll-up, which is of any number of rows. */
  readonly id: string | null;
  /** What the row was looked for by; empty where the document holds no key. */
  readonly keys: readonly string[];
  readonly rollUp: RollUp | null;
}

export interface DocumentParts {
  /** In the order of the document. */
  readonly parts: readonly DocumentPart[];
  /** Why there is no document: no row, a filter, or a partner that is required and missing; null when there is one. */
  readonly absent: 'no_row' | 'filtered' | DocumentPart | null;
}

/**
 * The rows that `assemble` makes the document of a root from, each with its place, from the same rows. Pure.
 *
 * Elements that lack a required partner are in no document, and neither are their parts. Lists of single values leave
 * nulls out, so the places in them have no numbers (`tags[]`).
 */
export function documentParts(plan: Plan, rootId: string, rows: LoadedRows): DocumentParts {
  const row = (rows.get('') ?? []).find(({ id }) => id === rootId);
  if (row === undefined) return { parts: [], absent: 'no_row' };
  const walk = new Walk(plan, rows);
  const root = partOf(plan, '', '', rootId, [rootId]);
  const level = walk.level('');
  if (!matches(plan.where, (field) => valueAt(row, field, level.read)))
    return { parts: [root], absent: 'filtered' };
  const { parts, absent } = walk.of(plan.shape, { level, row, item: null, list: null }, '');
  return { parts: [root, ...parts], absent };
}

function partOf(
  plan: Plan,
  path: string,
  level: string,
  id: string | null,
  keys: readonly string[],
  rollUp: RollUp | null = null,
): DocumentPart {
  const source = plan.levels.find((one) => one.id === level)?.source ?? level;
  return { path, level, source, id, keys, rollUp };
}

interface Found {
  readonly parts: readonly DocumentPart[];
  readonly absent: DocumentPart | null;
}

const nothing: Found = { parts: [], absent: null };

class Walk {
  readonly #partners: ReadonlyMap<string, Partners>;

  constructor(
    private readonly plan: Plan,
    rows: LoadedRows,
  ) {
    this.#partners = partnersByLevel(plan, rows);
  }

  level(id: string): Partners {
    const partners = this.#partners.get(id);
    if (partners === undefined) throw new Error(`The plan of '${this.plan.view}' has no level '${id}'.`);
    return partners;
  }

  of(node: ShapeNode, at: At, path: string): Found {
    switch (node.node) {
      case 'value':
      case 'constant':
        return nothing;
      case 'object':
        return together(node.fields.map(({ name, of }) => this.of(of, at, joined(path, name))));
      case 'compute':
        return together(node.inputs.map((input) => this.of(input, at, path)));
      case 'one':
        return this.#one(node, at, path);
      case 'many': {
        const elements = this.level(node.level).of(at.row, at.item);
        if (elements.length === 0) return { parts: [this.#noRow(node.level, at, path)], absent: null };
        return inList(node.of, path, elements, (element, place) =>
          this.#element(node, element, node.of, at, place),
        );
      }
      case 'items': {
        const items = itemsOf(at.row.data, node.column).filter((item) =>
          matches(node.where, (field) => at.level.read(item, field, node.column)),
        );
        return inList(node.of, path, items, (item, place) =>
          this.of(node.of, { ...at, item, list: node.column }, place),
        );
      }
      case 'rollUp': {
        if ('items' in node.over) return nothing;
        const { level } = node.over;
        const keys = this.level(level).keysHeld(at.row, at.item);
        return { parts: [partOf(this.plan, path, level, null, keys, node.rollUp)], absent: null };
      }
    }
  }

  #one(node: Extract<ShapeNode, { node: 'one' }>, at: At, path: string): Found {
    const [partner] = this.level(node.level).of(at.row, at.item);
    const none = this.#noRow(node.level, at, path);
    if (partner === undefined) return { parts: [none], absent: node.required ? none : null };
    const found = this.#element(node, partner, node.of, at, path);
    // What lacks its own required partner is null here, unless this one is required as well.
    if (found.absent === null || node.required) return found;
    return { parts: found.parts, absent: null };
  }

  #element(
    { level }: { readonly level: string },
    element: { readonly row: LoadedRow; readonly item: At['item'] },
    of: ShapeNode,
    parent: At,
    path: string,
  ): Found {
    const keys = this.level(level).keysHeld(parent.row, parent.item);
    const below = this.of(of, elementAt(this.level(level), element), path);
    return {
      parts: [partOf(this.plan, path, level, element.row.id, keys), ...below.parts],
      absent: below.absent,
    };
  }

  #noRow(level: string, at: At, path: string): DocumentPart {
    return partOf(this.plan, path, level, null, this.level(level).keysHeld(at.row, at.item));
  }
}

/** Elements that lack what is required are left out, and those after them move up. */
function inList<T>(
  of: ShapeNode,
  path: string,
  elements: readonly T[],
  found: (element: T, path: string) => Found,
): Found {
  const parts: DocumentPart[] = [];
  let at = 0;
  for (const element of elements) {
    const { parts: own, absent } = found(element, of.node === 'object' ? `${path}[${at}]` : `${path}[]`);
    if (absent !== null) continue;
    parts.push(...own);
    at += 1;
  }
  return { parts, absent: null };
}

function together(all: readonly Found[]): Found {
  return {
    parts: all.flatMap(({ parts }) => parts),
    absent: all.find(({ absent }) => absent !== null)?.absent ?? null,
  };
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
