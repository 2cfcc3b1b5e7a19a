import { SearchRefusedError } from '../errors.js';
import { fieldOf, type Fields } from '../fields.js';
import type { StoredDocument } from '../search-index.js';
import { createColumn, type Column, type WritableColumn } from './column.js';
import { eachLeaf, memberOf } from './values.js';

/** A document as it is given to a table. */
export interface Written extends StoredDocument {
  /** Counts the writes of an index: what was written later has a greater one. */
  readonly sequence: number;
}

export interface MemoryDocument extends Written {
  /** Its place in the table. */
  readonly row: number;
  /** What its `id` field says; null for a stray. */
  readonly key: string | null;
}

/**
 * Documents as rows of columns. A row is added and never changed: a document that is written again gets a new row, so that
 * whoever holds the numbers of some rows goes on seeing what they were.
 */
export interface Table {
  readonly fields: Fields;
  readonly documents: readonly MemoryDocument[];
  /** @throws {SearchRefusedError} when there is no such field, or it is only carried */
  column(path: string): Column;
  /** The elements of a list in row 0, row 1, …: those of a row are from `[row]` up to before `[row + 1]`. */
  elements(list: string): readonly number[];
  add(document: Written, content: unknown): MemoryDocument;
}

/** Some rows of a table, in the order in which they were written. */
export interface Rows {
  readonly table: Table;
  readonly rows: readonly number[];
}

interface List {
  readonly names: readonly string[];
  readonly starts: number[];
  readonly columns: ColumnOf[];
}

interface ColumnOf {
  readonly names: readonly string[];
  readonly column: WritableColumn;
}

export function createTable(fields: Fields): Table {
  const documents: MemoryDocument[] = [];
  const columns = new Map<string, ColumnOf>();
  const lists = new Map<string, List>();
  for (const field of fields.values()) {
    if (field.kind === 'json' || field.hints.carry === true) continue;
    const column = { names: field.path.split('.'), column: createColumn(field) };
    columns.set(field.path, column);
    if (field.nested === null) continue;
    const list = lists.get(field.nested) ?? { names: field.nested.split('.'), starts: [0], columns: [] };
    lists.set(field.nested, { ...list, columns: [...list.columns, column] });
  }
  const plain = [...columns.values()].filter(({ column }) => column.field.nested === null);
  return {
    fields,
    documents,
    column: (path) => {
      const found = columns.get(fieldOf(path, fields).path);
      if (found === undefined) throw new SearchRefusedError(400, `nothing is found by the field '${path}'`);
      return found.column;
    },
    elements: (list) => lists.get(list)?.starts ?? [],
    add: ({ id, revision, sequence, source }, content) => {
      for (const { names, column } of plain) eachLeaf(content, names, 0, column.push);
      for (const list of lists.values()) addElements(list, content);
      for (const { column } of columns.values()) column.endRow();
      const key = memberOf(content, 'id');
      const row = documents.length;
      const document = { id, revision, sequence, source, row, key: typeof key === 'string' ? key : null };
      documents.push(document);
      return document;
    },
  };
}

function addElements({ names, starts, columns }: List, content: unknown): void {
  let count = starts.at(-1) ?? 0;
  eachLeaf(content, names, 0, (element) => {
    for (const inner of columns) {
      eachLeaf(element, inner.names, names.length, inner.column.push);
      inner.column.endElement();
    }
    count += 1;
  });
  starts.push(count);
}
