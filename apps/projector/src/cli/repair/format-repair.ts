import type { Difference, LeftAlone, Proposal } from '#projection';
import { grouped } from '../output.js';
import { shortened } from '../dead-letters/visible.js';
import { differenceLines } from '../difference-lines.js';
import { formatTable } from '../table.js';

/** What `prejoin repair --json` prints. */
export interface RepairReport {
  readonly report: 'prejoin repair';
  readonly view: string;
  readonly generation: number;
  readonly index: string;
  readonly repaired: readonly Difference[];
  readonly left: readonly LeftAlone[];
  /** Documents that the index refuses, which no repair changes. */
  readonly refused: number;
  readonly unsettled: number;
  readonly epochRaised: boolean;
}

export function formatRepair(report: RepairReport, limit: number): string {
  const { view, generation, repaired, left, refused, unsettled, epochRaised } = report;
  const lines = [`${view}, generation ${generation}: ${summaryOf(repaired)}.`];
  if (epochRaised)
    lines.push(
      'A document had a revision that this database never gave out, so the epoch was raised above it: all documents of all ' +
        'views are built again by the projectors.',
    );
  if (left.length > 0) {
    const rows = left.slice(0, limit).map(({ id, reason }) => [shortened(id, 80), shortened(reason, 160)]);
    lines.push('', `${grouped(left.length)} documents are left:`, formatTable(['ID', 'WHY'], rows));
    if (left.length > limit) lines.push(`… and ${left.length - limit} more (--limit)`);
  }
  if (refused > 0)
    lines.push(
      `${refused} documents are refused by the index: npx prejoin dead-letters list --kind document --view ${view}`,
    );
  if (unsettled > 0) lines.push(`Of ${unsettled} documents it could not be told: run it again.`);
  return lines.join('\n');
}

function summaryOf(repaired: readonly Difference[]): string {
  if (repaired.length === 0) return 'nothing was written';
  const kinds = Map.groupBy(repaired, ({ kind }) => kind);
  const parts = [...kinds].map(([kind, ones]) => `${grouped(ones.length)} ${kind}`);
  return `${grouped(repaired.length)} documents were mended (${parts.join(', ')})`;
}

/** A line for the document and one for each field that would change. */
export function formatProposal(
  { difference, changes, fault }: Proposal,
  options: { readonly colour: boolean },
): string {
  const { id, kind, waiting } = difference;
  const head = `${shortened(id, 80)} is ${kind}${waiting ? ' (it waits to be built)' : ''}`;
  if (fault !== null) return `${head}, and can not be made: ${shortened(fault, 160)}`;
  if (changes.length === 0) return `${head}: the same content would be written at a fresh revision`;
  return [head, ...differenceLines(changes, options).map((line) => `  ${line}`)].join('\n');
}
