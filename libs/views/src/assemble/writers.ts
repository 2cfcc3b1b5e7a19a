import { matches } from '../filter/matches.js';
import type { ShapeNode, ValueNode } from '../plan/plan.js';
import { absent, levelOf, type Batch, type Writer, type Written } from './batch.js';
import { computeWriter } from './compute-writer.js';
import { elementAt, valueAt, type At, type Element, type Partners } from './partners.js';
import { itemsOf } from './read.js';
import { rollUpWriter } from './roll-up-writer.js';

/**
 * The writer of a node: the shape is walked once for a batch and not once for each document, and the names of fields
 * are written once. Text at once, since a document that is made as an object first takes twice as long until it is text.
 * @throws {ComputeMissingError} when the node needs a function that the batch lacks
 */
export function writerOf(batch: Batch, node: ShapeNode): Writer {
  switch (node.node) {
    case 'object':
      return objectWriter(batch, node);
    case 'value':
      return valueWriter(node);
    case 'constant': {
      const text = JSON.stringify(node.value);
      return () => text;
    }
    case 'one':
      return oneWriter(batch, node);
    case 'many': {
      const level = levelOf(batch, node.level);
      const write = elementWriter(batch, level, node.of);
      return ({ row, item }) => listOf(level.of(row, item).map(write));
    }
    case 'items': {
      const { column, where } = node;
      const write = writerOf(batch, node.of);
      return (at) => {
        const items = itemsOf(at.row.data, column).filter((item) =>
          matches(where, (field) => at.level.read(item, field, column)),
        );
        return listOf(items.map((item) => write({ level: at.level, row: at.row, item, list: column })));
      };
    }
    case 'rollUp':
      return rollUpWriter(batch, node);
    case 'compute':
      return computeWriter(
        batch,
        node,
        node.inputs.map((input) => writerOf(batch, input)),
      );
  }
}

function objectWriter(batch: Batch, { fields }: Extract<ShapeNode, { node: 'object' }>): Writer {
  if (fields.length === 0) return () => '{}';
  const writers = fields.map(({ name, of }, place) => ({
    lead: `${place === 0 ? '{' : ','}${JSON.stringify(name)}:`,
    write: writerOf(batch, of),
  }));
  return (at) => {
    let text = '';
    for (const { lead, write } of writers) {
      const part = write(at);
      if (part === absent) return absent;
      text += lead + part;
    }
    return `${text}}`;
  };
}

function valueWriter(node: ValueNode): Writer {
  const { column, orElse = null } = node;
  const read = (at: At): unknown =>
    at.item === null || node.ofOwner
      ? valueAt(at.row, column, at.level.read)
      : at.level.read(at.item, column, at.list);
  if (!node.array) return (at) => JSON.stringify(read(at) ?? orElse);
  return (at) => {
    const value = read(at);
    return Array.isArray(value) ? JSON.stringify(value.filter((one) => one !== null)) : '[]';
  };
}

function oneWriter(batch: Batch, node: Extract<ShapeNode, { node: 'one' }>): Writer {
  const level = levelOf(batch, node.level);
  const write = elementWriter(batch, level, node.of);
  const otherwise = JSON.stringify(node.orElse ?? null);
  return ({ row, item }) => {
    const partner = level.first(row, item);
    const made = partner === undefined ? absent : write(partner);
    if (made === absent) return node.required ? absent : otherwise;
    return made === 'null' ? otherwise : made;
  };
}

/** Rows that many documents refer to, such as a product, are written once for all of them. */
function elementWriter(batch: Batch, level: Partners, of: ShapeNode): (element: Element) => Written {
  const write = writerOf(batch, of);
  if (!level.shared) return (element) => write(elementAt(level, element));
  const known = new Map<Element, Written>();
  return (element) => {
    const before = known.get(element);
    if (before !== undefined) return before;
    const made = write(elementAt(level, element));
    known.set(element, made);
    return made;
  };
}

/** Absent elements and nulls are left out of lists. */
function listOf(made: readonly Written[]): string {
  return `[${made.filter((one) => one !== absent && one !== 'null').join(',')}]`;
}
