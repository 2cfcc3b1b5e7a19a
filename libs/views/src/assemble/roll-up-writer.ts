import { valueFault } from '../filter/normalize.js';
import { matches } from '../filter/matches.js';
import type { Filter, RollUpNode } from '../plan/plan.js';
import { rollUpOfNothing, rollUpValues, type RolledUp } from '../roll-up/roll-up-values.js';
import { DocumentFault, levelOf, type Batch, type Writer } from './batch.js';
import { elementValue, type At, type Partners } from './partners.js';
import { itemsOf, valuesIn } from './read.js';

/** Writes a roll-up; a value that its kind can not hold is a fault of the document. */
export function rollUpWriter(batch: Batch, node: RollUpNode): Writer {
  const { over, kind } = node;
  const rolledUp = 'items' in over ? ofItems(node, over) : ofLevel(node, levelOf(batch, over.level));
  return (at) => {
    const value = rolledUp(at) ?? node.orElse ?? null;
    const fault = value === null || kind === 'geo' || kind === 'json' ? null : valueFault(node, value);
    if (fault !== null) throw new DocumentFault(`A roll-up (${node.rollUp.fn}) ${fault}, and gave ${value}.`);
    return JSON.stringify(value);
  };
}

function ofItems(
  { rollUp }: RollUpNode,
  { items, where }: { readonly items: string; readonly where: Filter | null },
): (at: At) => RolledUp {
  const column = rollUp.value?.column.slice(items.length + 1);
  return ({ row, level }) => {
    const wanted = itemsOf(row.data, items).filter((item) =>
      matches(where, (field) => level.read(item, field, items)),
    );
    return rollUpValues(
      rollUp,
      wanted.flatMap((item) => (column === undefined ? [item] : valuesIn(level.read(item, column, items)))),
    );
  };
}

/** The database has rolled up a backward level by key; what an array of references leads to is rolled up here. */
function ofLevel({ rollUp }: RollUpNode, level: Partners): (at: At) => RolledUp {
  const { value } = rollUp;
  if (level.rolledUp)
    return ({ row, item }) =>
      (level.first(row, item)?.row.data['value'] as RolledUp | undefined) ?? rollUpOfNothing(rollUp);
  return ({ row, item }) =>
    rollUpValues(
      rollUp,
      level
        .of(row, item)
        .flatMap((element) =>
          value === null ? [element] : valuesIn(elementValue(element, value.column, level.read)),
        ),
    );
}
