import { sourceDifferenceKinds, type SourceDifference } from '#projection';
import { grouped } from '../output.js';
import { shortened } from '../dead-letters/visible.js';
import { formatTable } from '../table.js';
import type { SourceReport, SourcesReport } from './report.js';

/** A line for each source, and for what is wrong in it the first ids and what to do. */
export function formatSources({ sources, contents }: SourcesReport, limit: number): string {
  const parts = sources.map((source) => formatSource(source, limit, contents));
  return parts.join(parts.some((part) => part.includes('\n')) ? '\n\n' : '\n');
}

function formatSource(source: SourceReport, limit: number, contents: boolean): string {
  if (source.verdict === 'unseen') {
    const { name, owner, problem, remedy } = source;
    return [
      `${name} (${owner}) could not be compared: ${problem}`,
      ...(remedy === null ? [] : [`  ${remedy}`]),
    ].join('\n');
  }
  const { name, owner, copies, aggregates, ranges, seconds } = source;
  const size = `${grouped(copies)} copies and ${grouped(aggregates)} aggregates by ${grouped(ranges)} ranges in ${seconds.toFixed(1)} s`;
  return [
    `${name} (${owner}): ${resultOf(source)}; ${size}.`,
    ...listOf(source, limit, contents),
    ...notesOn(source),
  ].join('\n');
}

type Seen = Exclude<SourceReport, { verdict: 'unseen' }>;

function resultOf({ verdict, counts, unsettled, notLookedAt }: Seen): string {
  if (verdict === 'equal') return 'equal to its service';
  const kinds = sourceDifferenceKinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${grouped(counts[kind])} ${kind}`);
  return verdict === 'different'
    ? `different: ${kinds.join(', ')}`
    : `${grouped(unsettled.length + notLookedAt)} could not be told`;
}

function listOf({ name, differences, counts }: Seen, limit: number, contents: boolean): readonly string[] {
  if (differences.length === 0) return [];
  const shown = differences.slice(0, limit);
  const mendable = differences.length - counts.ahead;
  return [
    '',
    formatTable(
      ['ID', 'IS', 'SERVICE', 'COPY', 'NOTE'],
      shown.map((one) => [shortened(one.id, 80), one.kind, serviceOf(one), copyOf(one), noteOn(one)]),
    ),
    ...(differences.length > shown.length
      ? [`… and ${grouped(differences.length - shown.length)} more (--limit, or --json for all)`]
      : []),
    '',
    ...(mendable > 0
      ? [`Mend it: npx prejoin repair --sources ${name}${contents ? ' --contents' : ''}`]
      : []),
    ...(counts.ahead > 0
      ? [`The service was restored to an older state: npx prejoin resync ${name} --raise-epoch`]
      : []),
  ];
}

function serviceOf({ epoch, version }: SourceDifference): string {
  return version === null ? '-' : versionOf(epoch, version);
}

function copyOf({ copy }: SourceDifference): string {
  if (copy === null) return '-';
  return `${versionOf(copy.epoch, copy.version)}${copy.deleted ? ' deleted' : ''}`;
}

function versionOf(epoch: number, version: number): string {
  return epoch === 0 ? `${version}` : `${epoch}/${version}`;
}

function noteOn({ deadLettered }: SourceDifference): string {
  return deadLettered ? 'npx prejoin outbox dead-letters list' : '';
}

function notesOn({ unsettled, notLookedAt }: Seen): readonly string[] {
  const notes: string[] = [];
  if (unsettled.length > 0)
    notes.push(
      `${grouped(unsettled.length)} have events on their way that did not get through in time: see "npx prejoin outbox status", and whether a projector runs.`,
    );
  if (notLookedAt > 0)
    notes.push(
      `${grouped(notLookedAt)} more differed at first and were not looked at again; with so many: npx prejoin resync`,
    );
  return notes;
}
