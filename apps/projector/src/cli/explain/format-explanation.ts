import type { Absence, ExplainedPart, Explanation, Generation } from '#projection';
import { shortened, visible } from '../dead-letters/visible.js';
import { differenceLines } from '../difference-lines.js';
import { formatTable } from '../table.js';

/** What is told of one document; without the projection database only what the index holds is known. */
export interface Told {
  readonly view: string;
  readonly id: string;
  readonly generation: Pick<Generation, 'number' | 'indexName' | 'stopped'>;
  readonly explanation: Explanation;
}

export function formatExplanation(
  { view, id, generation, explanation }: Told,
  { colour, full }: { readonly colour: boolean; readonly full: boolean },
): string {
  return [
    `${view} ${visible(id)}: ${verdictOf(explanation)}`,
    ...indexedLines(generation, explanation),
    ...(full && explanation.indexed.kind === 'document'
      ? ['', visible(JSON.stringify(explanation.indexed.document, null, 2)).replaceAll('\\u000a', '\n')]
      : []),
    ...section(
      'Differs, from what is indexed to what it should be:',
      differenceLines(explanation.differences, { colour }),
    ),
    ...partsOf(explanation.parts),
    ...section('Waiting:', waitingLines(explanation)),
    ...section('Dead letters:', letterLines(explanation)),
  ].join('\n');
}

function verdictOf({ verdict, expected, indexed, marks, keys }: Explanation): string {
  const waits = marks.length + keys.length > 0 ? ', and it waits to be built' : '';
  switch (verdict) {
    case 'equal':
      if (expected.kind !== 'none') return 'as it should be';
      return expected.why.kind === 'no_root'
        ? `nothing is known of it: ${whyNone(expected.why)}`
        : `no document, rightly: ${whyNone(expected.why)}`;
    case 'different':
      return `not what it should be${waits}`;
    case 'missing':
      return `missing in the index${waits}`;
    case 'surplus':
      return `should not be there: ${expected.kind === 'none' ? whyNone(expected.why) : ''}${waits}`;
    case 'unknown':
      return `could not be told: ${indexed.kind === 'unknown' ? indexed.reason : expected.kind === 'unknown' ? expected.reason : ''}`;
  }
}

function whyNone(why: Absence): string {
  switch (why.kind) {
    case 'no_root':
      return 'there is no copy of this id. Its event has not come, or the id is another one';
    case 'deleted':
      return `its root is deleted since version ${why.root.version}, ${why.root.occurredAt.toISOString()}`;
    case 'erased':
      return `its root was erased on ${why.root.erasedAt?.toISOString() ?? ''}`;
    case 'filtered':
      return "its root does not match the view's filter";
    case 'lacks':
      return `${why.part.path} is required and has no ${why.part.source} (${shortened(keysOf(why.part), 80)})`;
  }
}

function indexedLines(
  { number, indexName, stopped }: Told['generation'],
  { indexed, known, revision }: Explanation,
): readonly string[] {
  const held =
    indexed.kind === 'document'
      ? `revision ${indexed.revision}${indexed.revision > revision ? ', which is above the newest there is: a projector raises the epoch when it next builds it' : ''}`
      : indexed.kind === 'none'
        ? 'no document'
        : `could not be read: ${indexed.reason}`;
  const decided =
    known === null
      ? 'never built'
      : known.deletes
        ? `deleted at revision ${known.revision}`
        : known.confirmed
          ? `indexed ${known.confirmedAt?.toISOString() ?? 'at a time that was not noted'}, found current up to revision ${known.revision}`
          : `sent at revision ${known.revision}, and not confirmed`;
  return [
    `generation ${number}, ${indexName}: ${held}`,
    `last built: ${decided}`,
    ...(stopped === null ? [] : [`nothing is written to this index: ${stopped}`]),
  ];
}

function partsOf(parts: readonly ExplainedPart[]): readonly string[] {
  if (parts.length === 0) return [];
  const rows = parts.map((part) => {
    const { path, source, row, rolled } = part;
    const version = row === null ? '' : `${row.version}${row.epoch === 0 ? '' : ` (epoch ${row.epoch})`}`;
    const times = [row?.occurredAt ?? rolled?.occurredAt, row?.appliedAt ?? rolled?.appliedAt];
    return [
      path === '' ? '(root)' : shortened(path, 40),
      source,
      shortened(nameOf(part), 60),
      version,
      row?.eventId ?? '',
      ...times.map((time) => time?.toISOString() ?? ''),
    ];
  });
  return ['', formatTable(['PART', 'SOURCE', 'AGGREGATE', 'VERSION', 'EVENT', 'OCCURRED', 'APPLIED'], rows)];
}

function nameOf(part: ExplainedPart): string {
  const { id, row, rolled, rollUp } = part;
  if (id !== null) return id;
  if (rollUp !== null)
    return rolled === null
      ? `${rollUp.fn} of list items`
      : `${rollUp.fn} of ${rolled.elements} in ${rolled.rows} rows = ${JSON.stringify(rolled.value)}`;
  if (row === null) return `none (${keysOf(part)})`;
  if (row.erasedAt !== null) return `${row.id} (erased)`;
  return `${row.id} (${row.deleted ? 'deleted' : 'left out by a filter'})`;
}

function keysOf({ keys }: Pick<ExplainedPart, 'keys'>): string {
  return keys.length === 0 ? 'no key' : `by ${keys.join(', ')}`;
}

function waitingLines({ marks, keys }: Explanation): readonly string[] {
  return [
    ...marks.map(
      ({ priority, attempts, dueAt, createdAt, indexName }) =>
        `- to be built since ${createdAt.toISOString()} (${priority === 0 ? 'direct' : 'bulk'}` +
        `${attempts > 0 ? `, ${attempts} attempts, next ${dueAt.toISOString()}` : ''}` +
        `${indexName === null ? '' : `, for ${indexName} alone`})`,
    ),
    ...keys.map(
      ({ source, key, job, createdAt }) =>
        `- ${source} ${shortened(key, 128)} changed, to be looked up since ${createdAt.toISOString()}${job ? ', with very many documents' : ''}`,
    ),
  ];
}

function letterLines({ letters }: Explanation): readonly string[] {
  return letters.map(
    ({ id, kind, source, aggregateId, version, indexName, reason }) =>
      `- ${id} ${kind === 'document' ? `document in ${indexName ?? '?'}` : `${source ?? '?'} ${shortened(aggregateId ?? '?', 128)} version ${version ?? '?'}`}: ` +
      `${shortened(reason, 200)} (npx prejoin dead-letters show ${id})`,
  );
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines];
}
