import { grouped } from '../output.js';
import { shortened, visible } from '../dead-letters/visible.js';
import { formatAge, formatTable } from '../table.js';
import type { RebuildStatus, Status, ViewStatus } from './read-status.js';
import type { GenerationStatus } from './read-views.js';

/** Tables for people; what is not known is a question mark. */
export function formatStatus(status: Status): string {
  const tables = [
    viewTable(status),
    waitingTable(status),
    jobTable(status),
    queueTable(status),
    outboxTable(status),
    deadLetterTable(status),
    pauseTable(status),
    processTable(status),
    unseenTable(status),
  ];
  return tables.filter((table) => table !== null).join('\n\n');
}

function viewTable({ generations, withoutGeneration, views, rebuilds }: Status): string {
  const rows = generations.map((one) => [
    one.view,
    one.generation === null ? '?' : `${one.generation}`,
    one.state,
    count(one.documents),
    ...activityOf(one, views),
    notesOn(one, rebuilds ?? []),
  ]);
  const missing = withoutGeneration.map((view) => [
    view,
    '-',
    'none',
    ...new Array<string>(6).fill('-'),
    'start a projector',
  ]);
  const headings = [
    'VIEW',
    'GEN',
    'STATE',
    'DOCUMENTS',
    'LAG P50',
    'P99',
    'DOCS/S',
    'MARKS',
    'OLDEST',
    'NOTE',
  ];
  return formatTable(headings, [...rows, ...missing]);
}

/** Of a view, and shown once: all its generations are built together. */
function activityOf(one: GenerationStatus, views: readonly ViewStatus[] | null): readonly string[] {
  if (one.state !== 'live' && one.state !== 'served') return ['', '', '', '', ''];
  if (views === null) return ['?', '?', '?', '?', '?'];
  const activity = views.find(({ view }) => view === one.view);
  return [
    seconds(activity?.lagP50 ?? null),
    seconds(activity?.lagP99 ?? null),
    rate(activity?.rate ?? 0),
    count(activity?.marks ?? 0),
    formatAge(activity?.oldestMarkSeconds ?? null),
  ];
}

function notesOn(one: GenerationStatus, rebuilds: readonly RebuildStatus[]): string {
  const { view, state, problem, previousUntil, declaration, lacks, ownMarks } = one;
  const notes: string[] = [];
  const rebuild = rebuilds.find((job) => job.indexName === one.index);
  if (rebuild !== undefined) notes.push(progressOf(rebuild));
  if (problem !== null) notes.push(`stopped: ${visible(problem)}`);
  if (state === 'previous' && previousUntil !== null)
    notes.push(`kept for a rollback until ${previousUntil}`);
  if (state === 'live' && declaration === 'other')
    notes.push(`the declaration changed: npx prejoin rebuild ${view}`);
  if (state === 'live' && declaration === 'none') notes.push(`not declared: npx prejoin drop-view ${view}`);
  if (lacks.length > 0) notes.push('this release lacks its functions: one that declared it keeps it current');
  if (ownMarks > 0) notes.push(`${count(ownMarks)} marks wait for such a process`);
  return notes.join('; ');
}

function progressOf({
  phase,
  scanned,
  total,
  secondsLeft,
  holder,
  holderState,
  view,
}: RebuildStatus): string {
  const share = total === 0 ? 100 : Math.min(100, Math.floor((100 * scanned) / total));
  const left = secondsLeft === null ? '' : `, about ${formatAge(secondsLeft)} left`;
  const progress = phase === 'scan' ? `scan ${share} % of ${count(total)}${left}` : phase;
  if (holderState === 'none') return `${progress}: npx prejoin swap ${view}`;
  if (holderState === 'gone')
    return `${progress}; ${holder} is gone: npx prejoin rebuild ${view} goes on with it`;
  return `${progress}, by ${holder}${holderState === 'silent' ? ' (only its lease is known)' : ''}`;
}

function waitingTable({ marks, fanOut }: Status): string | null {
  if (marks === null || fanOut === null) return null;
  return formatTable(
    ['WAITING', 'COUNT', 'OLDEST'],
    [
      ['marks', count(marks.count), formatAge(marks.oldestSeconds)],
      ['- direct', count(marks.direct), ''],
      ['- bulk', count(marks.bulk), ''],
      ['fan-out', count(fanOut.count), formatAge(fanOut.oldestSeconds)],
    ],
  );
}

/** No table while there are none, which is nearly always. */
function jobTable({ fanOutJobs }: Status): string | null {
  if (fanOutJobs === null || fanOutJobs.length === 0) return null;
  const rows = fanOutJobs.map((job) => [
    job.view,
    shortened(`${job.source} ${job.key}`, 60),
    count(job.done),
    count(job.total),
    job.rate === null ? '-' : `${grouped(Math.round(job.rate))}/s`,
    formatAge(job.ageSeconds),
  ]);
  return formatTable(['FAN-OUT OF', 'CHANGED', 'DONE', 'TOTAL', 'RATE', 'SINCE'], rows);
}

function queueTable({ queues }: Status): string {
  const rows =
    queues === null
      ? [['?', '?', '?']]
      : queues.map(({ queue, messages, consumers }) => [
          queue,
          messages === null ? 'not there' : count(messages),
          messages === null ? '-' : count(consumers),
        ]);
  return formatTable(['QUEUE', 'MESSAGES', 'CONSUMERS'], rows);
}

function outboxTable({ outboxes }: Status): string | null {
  if (outboxes.length === 0) return null;
  const rows = outboxes.map((one) => [
    one.service,
    count(one.waiting),
    formatAge(one.oldestSeconds),
    count(one.deadLetters),
    `${one.relays.filter(({ alive }) => alive).length}`,
    one.paused === null ? '' : `paused since ${one.paused.since.toISOString()} by ${visible(one.paused.by)}`,
  ]);
  return formatTable(['OUTBOX', 'WAITING', 'OLDEST', 'DEAD LETTERS', 'RELAYS', 'NOTE'], rows);
}

function deadLetterTable({ deadLetters }: Status): string | null {
  if (deadLetters === null) return null;
  const rows = Object.entries(deadLetters).map(([kind, open]) => [kind, count(open)]);
  return formatTable(['DEAD LETTERS', 'OPEN'], rows);
}

function pauseTable({ paused }: Status): string | null {
  if (paused === null || paused.length === 0) return null;
  const rows = paused.map(({ what, since, by, reason }) => [what, since, visible(by), visible(reason ?? '')]);
  return formatTable(['PAUSED', 'SINCE', 'BY', 'REASON'], rows);
}

function processTable({ processes }: Status): string | null {
  if (processes === null) return null;
  if (processes.length === 0) return 'No projector runs.';
  const rows = processes.map((one) => [
    one.role,
    one.host,
    `${one.pid}`,
    one.release === '' ? '-' : visible(one.release),
    one.startedAt,
    one.alive ? 'alive' : `silent for ${formatAge(one.silentSeconds)}`,
  ]);
  return formatTable(['PROCESS', 'HOST', 'PID', 'RELEASE', 'SINCE', 'STATE'], rows);
}

function unseenTable({ unseen }: Status): string | null {
  if (unseen.length === 0) return null;
  return formatTable(
    ['NOT SEEN', 'WHY'],
    unseen.map(({ part, reason }) => [part, visible(reason)]),
  );
}

function count(value: number | null): string {
  return value === null ? '?' : grouped(value);
}

function rate(value: number): string {
  return value > 0 && value < 10 ? value.toFixed(1) : count(Math.round(value));
}

function seconds(value: number | null): string {
  if (value === null) return '-';
  if (value < 1) return `${Math.round(value * 1_000)} ms`;
  return value < 10 ? `${value.toFixed(1)} s` : formatAge(value);
}
