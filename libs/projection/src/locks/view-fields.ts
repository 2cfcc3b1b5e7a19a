import { fieldsOf, type Plan, type QueryField, type ShapeNode } from '#views';

/** A field of a view's documents: what readers know of it, and what it is made of. */
export interface LockedField extends QueryField {
  /** `customer.name`, `compute 1f0c…(order.total, order.discount)`. */
  readonly origin: string;
}

/** A list or a joined partner in a document: which rows it holds. */
export interface LockedJoin {
  readonly path: string;
  readonly rows: string;
}

/** The fields of a plan in the order of the document. */
export function lockedFields(plan: Plan): readonly LockedField[] {
  const origins = new Map<string, string>();
  walk(plan, plan.shape, { path: '', row: plan.root }, (path, origin) => void origins.set(path, origin));
  return fieldsOf(plan).map((field) => ({ ...field, origin: origins.get(field.path) ?? '' }));
}

/** One line for a reviewer. */
export function fieldLine({
  path,
  kind,
  array,
  nullable,
  values,
  currency,
  hints,
  origin,
}: LockedField): string {
  const facts = [
    `${kind}${values === undefined ? '' : `(${values.join(' | ')})`}${currency === undefined ? '' : `(${currency})`}`,
    ...(array ? ['several'] : []),
    ...(nullable ? ['may be null'] : []),
    ...Object.entries(hints).map(([name, value]) => hintText(name, value)),
  ];
  return `${path}: ${facts.join(', ')} <- ${origin}`;
}

/** `facet`, `text(weight 3)`. */
export function hintText(name: string, value: unknown): string {
  if (typeof value !== 'object' || value === null) return name;
  const details = Object.entries(value)
    .filter(([, detail]) => detail !== null)
    .map(([of, detail]) => `${of} ${String(detail)}`);
  return `${name}(${details.join(', ')})`;
}

/** The joins and lists of a plan, with all that decides which rows they hold. */
export function lockedJoins(plan: Plan): readonly LockedJoin[] {
  const joins: LockedJoin[] = [];
  const visit = (node: ShapeNode, path: string): void => {
    switch (node.node) {
      case 'object':
        return node.fields.forEach(({ name, of }) => visit(of, joined(path, name)));
      case 'one':
      case 'many':
        joins.push({
          path,
          rows: JSON.stringify([levelRows(plan, node.level), node.node === 'one' && node.required]),
        });
        return visit(node.of, path);
      case 'items':
        joins.push({ path, rows: JSON.stringify([node.column, node.where]) });
        return visit(node.of, path);
      case 'rollUp':
        joins.push({
          path,
          rows: JSON.stringify('level' in node.over ? levelRows(plan, node.over.level) : node.over),
        });
        return;
      case 'value':
      case 'constant':
      case 'compute':
        return;
    }
  };
  visit(plan.shape, '');
  return joins;
}

/** What decides which rows a level has, with how columns of older events are read. */
function levelRows(plan: Plan, id: string): unknown {
  const level = plan.levels.find((one) => one.id === id);
  if (level === undefined) return null;
  const { source, link, where, sort, limit, fallbacks } = level;
  return { source, link, where, sort, limit, fallbacks };
}

interface Place {
  readonly path: string;
  /** The source, or the list of it, that columns are read from. */
  readonly row: string;
}

function walk(plan: Plan, node: ShapeNode, place: Place, note: (path: string, origin: string) => void): void {
  switch (node.node) {
    case 'object':
      for (const { name, of } of node.fields)
        walk(plan, of, { ...place, path: joined(place.path, name) }, note);
      return;
    case 'one':
    case 'many':
      return walk(plan, node.of, { ...place, row: sourceOf(plan, node.level) }, note);
    case 'items':
      return walk(plan, node.of, { ...place, row: `${place.row}.${node.column}` }, note);
    case 'value':
    case 'constant':
    case 'rollUp':
    case 'compute':
      return note(place.path, originOf(plan, node, place.row));
  }
}

function originOf(plan: Plan, node: ShapeNode, row: string): string {
  const orElse = 'orElse' in node && node.orElse !== undefined ? ` or ${JSON.stringify(node.orElse)}` : '';
  switch (node.node) {
    case 'value':
      return `${node.ofOwner === true ? `owner of ${row}` : row}.${node.column}${orElse}`;
    case 'constant':
      return JSON.stringify(node.value);
    case 'rollUp': {
      const over = 'level' in node.over ? sourceOf(plan, node.over.level) : `${row}.${node.over.items}`;
      const { fn, distinct, value } = node.rollUp;
      return `${fn}(${distinct ? 'distinct ' : ''}${value === null ? over : `${over}: ${value.column}`})${orElse}`;
    }
    case 'compute':
      return `compute ${node.key}(${node.inputs.map((input) => originOf(plan, input, row)).join(', ')})${orElse}`;
    case 'one':
    case 'many':
      return `${originOf(plan, node.of, sourceOf(plan, node.level))}${orElse}`;
    case 'items':
      return originOf(plan, node.of, `${row}.${node.column}`);
    case 'object':
      return `{ ${node.fields.map(({ name, of }) => `${name}: ${originOf(plan, of, row)}`).join(', ')} }`;
  }
}

function sourceOf(plan: Plan, levelId: string): string {
  return plan.levels.find((level) => level.id === levelId)?.source ?? levelId;
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}
