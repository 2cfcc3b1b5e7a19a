import { differenceKinds, type Difference } from '#projection';
import { shortened } from '../dead-letters/visible.js';
import { grouped } from '../output.js';
import { formatTable } from '../table.js';
import type { UnseenView, VerifiedView, VerifyReport, ViewReport } from './report.js';

/** The report for people: a line for each view, and for what is wrong in it the first documents and what to do. */
export function formatReport({ views }: VerifyReport, limit: number): string {
  return views.map((one) => formatView(one, limit)).join('\n\n');
}

function formatView(one: ViewReport, limit: number): string {
  return one.verdict === 'unseen' ? formatUnseen(one) : formatVerified(one, limit);
}

function formatUnseen({ view, problem, remedy }: UnseenView): string {
  return [`${view} could not be compared: ${problem}`, ...(remedy === null ? [] : [`  ${remedy}`])].join(
    '\n',
  );
}

function formatVerified(one: VerifiedView, limit: number): string {
  const { view, generation, state, index, roots, seconds, documentsPerSecond, sample } = one;
  const what = sample === null ? `${count(roots)} roots` : `a sample of ${count(roots)} roots`;
  const how = `${what} in ${seconds.toFixed(1)} s, ${count(documentsPerSecond)} a second`;
  return [
    `${view}, generation ${generation} (${state}, ${index}): ${resultOf(one)}; ${how}.`,
    ...differencesOf(one, limit),
    ...notesOn(one),
  ].join('\n');
}

function resultOf({ verdict, counts, sample, unsettled }: VerifiedView): string {
  if (verdict === 'equal') return sample === null ? 'equal to the copies' : 'no difference was seen';
  const kinds = differenceKinds
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${count(counts[kind])} ${kind}`);
  return verdict === 'different'
    ? `different: ${kinds.join(', ')}`
    : `${count(unsettled.count)} could not be told`;
}

function differencesOf(one: VerifiedView, limit: number): readonly string[] {
  const { view, differences, counts } = one;
  if (differences.length === 0) return [];
  const all = Object.values(counts).reduce((sum, kind) => sum + kind, 0);
  const shown = differences.slice(0, limit);
  const rows = shown.map((difference) => [
    shortened(difference.id, 80),
    difference.kind,
    difference.revision === null ? '-' : `${difference.revision}`,
    noteOn(difference),
  ]);
  return [
    '',
    formatTable(['ID', 'IS', 'REVISION', 'NOTE'], rows),
    ...(all > shown.length
      ? [`… and ${count(all - shown.length)} more (--limit, or --json for all that are kept)`]
      : []),
    '',
    `See what would change: npx prejoin repair ${view} --dry-run${generationOption(one)}`,
    `Mend it:               npx prejoin repair ${view}${generationOption(one)}`,
  ];
}

function noteOn({ kind, waiting }: Difference): string {
  if (waiting) return 'waits to be built';
  return kind === 'ahead' ? 'a revision that was never given out' : '';
}

/** Empty for the live generation, which the commands are about unless they are told. */
function generationOption({ generation, state }: VerifiedView): string {
  return state === 'live' ? '' : ` --generation ${generation}`;
}

function notesOn({ view, differences, refused, unsettled, moving }: VerifiedView): readonly string[] {
  const waiting = differences.filter((one) => one.waiting).length;
  const notes: string[] = [];
  if (waiting > 0)
    notes.push(
      `${count(waiting)} of them wait to be built and nobody builds them: see "npx prejoin status", and whether a projector runs.`,
    );
  if (refused.count > 0)
    notes.push(
      `${count(refused.count)} documents are refused by the index: npx prejoin dead-letters list --kind document --view ${view}`,
    );
  if (unsettled.count > 0)
    notes.push(
      `${count(unsettled.count)} documents waited to be built all the time, so that it could not be told: run it again, or with a longer --wait.`,
    );
  if (moving > 0)
    notes.push(`${count(moving)} documents were written anew all the time, and count as equal.`);
  return notes;
}

function count(value: number): string {
  return grouped(Math.round(value));
}
