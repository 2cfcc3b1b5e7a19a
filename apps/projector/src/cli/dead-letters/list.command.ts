import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pool } from 'pg';
import {
  listDeadLetters,
  measureDeadLetters,
  refreshStatistics,
  type DeadLetterFilter,
  type DeadLetterState,
  type ListedDeadLetter,
} from '#projection';
import { grouped } from '../output.js';
import { formatTable } from '../table.js';
import { argumentsOf, filterOf, type FilterOptions } from './options.js';
import { shortened } from './visible.js';

export interface ListOptions extends FilterOptions {
  readonly state: DeadLetterState | 'all';
  readonly limit: number;
  readonly after: number;
  readonly json?: boolean;
}

/** Read and printed at once, so that any number of letters takes the memory of these. */
const PAGE = 500;

/** Prints the matching letters on standard output, page by page, and how many there are in all. */
export async function printList(pool: Pool, options: ListOptions): Promise<void> {
  const states = options.state === 'all' ? undefined : [options.state];
  const filter = { ...filterOf(options), states };
  try {
    await pipeline(Readable.from(listed(pool, filter, options)), process.stdout, { end: false });
  } catch (error) {
    // Whoever reads, such as `head`, has enough.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

async function* listed(pool: Pool, filter: DeadLetterFilter, options: ListOptions): AsyncGenerator<string> {
  if (options.limit > PAGE) await refreshStatistics(pool);
  let after = options.after;
  let shown = 0;
  while (shown < options.limit) {
    const limit = Math.min(PAGE, options.limit - shown);
    const page = await listDeadLetters(pool, filter, { after, limit });
    if (page.length > 0) yield options.json === true ? jsonLines(page) : table(page);
    shown += page.length;
    after = page.at(-1)?.id ?? after;
    if (page.length < limit) break;
  }
  const { count, lastId } = await measureDeadLetters(pool, filter);
  const lines = [
    `${grouped(shown)} of ${grouped(count)} dead letters that match.`,
    ...(lastId > after ? [`The next: npx prejoin dead-letters list ${nextPage(options, after)}`] : []),
  ];
  if (options.json === true) process.stderr.write(`${lines.join('\n')}\n`);
  else yield `${shown === 0 ? '' : '\n'}${lines.join('\n')}\n`;
}

function nextPage(options: ListOptions, after: number): string {
  const { state, limit, json } = options;
  return [
    ...argumentsOf(options),
    ...(state === 'open' ? [] : ['--state', state]),
    ...(limit === DEFAULT_LIMIT ? [] : ['--limit', `${limit}`]),
    ...(json === true ? ['--json'] : []),
    '--after',
    `${after}`,
  ].join(' ');
}

export const DEFAULT_LIMIT = 50;

function jsonLines(letters: readonly ListedDeadLetter[]): string {
  return letters.map((letter) => `${JSON.stringify(letter)}\n`).join('');
}

function table(letters: readonly ListedDeadLetter[]): string {
  const rows = letters.map((letter) => [
    `${letter.id}`,
    letter.kind,
    letter.state,
    letter.createdAt.toISOString().slice(0, 19).replace('T', ' '),
    shortened(subject(letter), 48),
    shortened(letter.reason, 80),
  ]);
  return `${formatTable(['ID', 'KIND', 'STATE', 'WRITTEN (UTC)', 'ABOUT', 'REASON'], rows)}\n`;
}

/** `order o-1, version 3`, `order-search o-1`: what a letter is about, as far as it is known. */
function subject({ kind, view, rootId, source, aggregateId, version }: ListedDeadLetter): string {
  if (kind === 'document') return `${view} ${rootId}`;
  if (source === null && aggregateId === null) return '-';
  return `${source ?? '?'} ${aggregateId ?? '?'}${version === null ? '' : `, version ${version}`}`;
}
