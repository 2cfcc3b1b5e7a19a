import type { ChangedDocuments, ChangedField, Generation, ViewDiff } from '#projection';
import { grouped } from '../output.js';
import { shortened, visible } from '../dead-letters/visible.js';
import { differenceLines } from '../difference-lines.js';

export function formatDiff(
  view: string,
  generation: Pick<Generation, 'view' | 'number' | 'indexName'>,
  found: ViewDiff,
  { colour }: { readonly colour: boolean },
): string {
  const served = `generation ${generation.number}, ${generation.indexName}`;
  if (found.samePlan) return `${view} is served as it is declared (${served}): a rebuild changes nothing.`;
  return [
    `${view}, as declared against ${served}:`,
    '',
    'The declaration:',
    ...found.planChanges.map(({ impact, what }) => `- ${impact}: ${what}`),
    '',
    summaryOf(found),
    ...found.fields.flatMap((field) => fieldLines(field, colour)),
    ...documentLines('appear', found.added),
    ...documentLines('vanish', found.removed),
    ...found.faults.examples.map(
      ({ id, reason }) => `${visible(id)} can not be made, ${shortened(reason, 300)}`,
    ),
    ...notes(found),
  ].join('\n');
}

function summaryOf({ compared, roots, changed, added, removed, faults }: ViewDiff): string {
  const counts = [
    `${changed.count} change`,
    `${added.count} appear`,
    `${removed.count} vanish`,
    ...(faults.count === 0 ? [] : [`${faults.count} can not be made`]),
  ];
  return `${grouped(compared)} of ${grouped(roots)} documents compared: ${counts.join(', ')}.`;
}

function fieldLines({ field, documents, examples }: ChangedField, colour: boolean): readonly string[] {
  return [
    '',
    `${field === '' ? 'the document' : visible(field)}: in ${grouped(documents)} documents`,
    ...examples.flatMap(({ id, before, after }) =>
      differenceLines([{ path: id, before, after }], { colour }).map((line) => `  ${line}`),
    ),
  ];
}

function documentLines(what: string, { count, ids }: ChangedDocuments): readonly string[] {
  if (count === 0) return [];
  const more = count > ids.length ? ', …' : '';
  return ['', `${grouped(count)} documents would ${what}: ${ids.map(visible).join(', ')}${more}`];
}

function notes({ notCompared, withoutCopies, skipped, complete }: ViewDiff): readonly string[] {
  const lines = [
    ...(notCompared.length === 0
      ? []
      : [
          `Not compared, since the functions that made them are not in this code any more: ${notCompared.join(', ')}.`,
        ]),
    ...(withoutCopies.length === 0
      ? []
      : [`No copies yet, and compared as though there were no rows: ${withoutCopies.join(', ')}.`]),
    ...skipped.slice(0, 10).map(({ id, reason }) => `${visible(id)} was not compared: ${reason}`),
    ...(skipped.length > 10 ? [`… and ${skipped.length - 10} more were not compared.`] : []),
    ...(complete ? [] : ['Stopped before the end.']),
  ];
  return lines.length === 0 ? [] : ['', ...lines];
}
