import { messageOf, type Logger } from '#kernel';
import { longestIdBytes } from '../limits.js';
import type { WriteOperation, WriteOutcome } from '../search-index.js';
import type { Connection } from './connection.js';
import { parseOr, serverError } from './failure.js';
import { inPath } from './indices.js';
import { itemOutcome, requestOutcome, type BulkItem } from './outcome.js';

/**
 * Elasticsearch takes 100 MB a request, but gains nothing above a few: 25 to 27 thousand documents of 835 bytes a second
 * were seen on two cores with 1 000 to 5 000 documents a request, whatever the size.
 */
const maxRequestBytes = 10_000_000;
const maxRequestItems = 5_000;
const requestsInFlight = 2;

interface Line {
  readonly position: number;
  readonly text: string;
  readonly bytes: number;
}

/**
 * Writes the operations with `version_type: external_gte`, and tells what became of each, in the order given. Never sends
 * the same bytes twice, and sends nothing after the deadline: what has no answer by then is `retry`.
 */
export async function writeBulk(
  connection: Connection,
  operations: readonly WriteOperation[],
  deadlineMs: number,
  logger: Logger,
): Promise<readonly WriteOutcome[]> {
  const outcomes = new Array<WriteOutcome>(operations.length);
  const lines = new Map<string, Line[]>();
  operations.forEach((operation, position) => {
    const fault = faultOf(operation);
    if (fault !== null) {
      outcomes[position] = { kind: 'refused', reason: fault };
      return;
    }
    const ofIndex = lines.get(operation.index);
    if (ofIndex === undefined) lines.set(operation.index, [lineOf(operation, position)]);
    else ofIndex.push(lineOf(operation, position));
  });

  const requests = [...lines].flatMap(([index, all]) => split(index, all)).values();
  const signal = AbortSignal.timeout(deadlineMs);
  const sender = async (): Promise<void> => {
    for (const request of requests) {
      const results = await send(connection, request, deadlineMs, signal);
      request.lines.forEach((line, at) => (outcomes[line.position] = results[at] ?? unanswered));
    }
  };
  await Promise.all(Array.from({ length: requestsInFlight }, sender));
  reportAlarms(outcomes, logger);
  return outcomes;
}

const unanswered: WriteOutcome = {
  kind: 'retry',
  reason: 'the answer has no item for this write',
  alarm: true,
};

/** What would spoil a whole request, and is therefore found before it is sent. */
function faultOf(operation: WriteOperation): string | null {
  const idBytes = Buffer.byteLength(operation.id);
  if (idBytes === 0 || idBytes > longestIdBytes)
    return `the id has ${idBytes} bytes; 1 to ${longestIdBytes} are allowed`;
  if (!Number.isSafeInteger(operation.revision) || operation.revision < 0)
    return `the revision ${operation.revision} is not a whole number from 0 to 2^53 - 1`;
  if (operation.kind === 'index' && operation.body.includes('\n'))
    return 'the body has a line break, which would end it in a bulk request';
  return null;
}

function lineOf(operation: WriteOperation, position: number): Line {
  const { id, revision } = operation;
  const action = `{"${operation.kind}":{"_id":${JSON.stringify(id)},"version":${revision},"version_type":"external_gte"}}\n`;
  const text = operation.kind === 'index' ? `${action}${operation.body}\n` : action;
  return { position, text, bytes: Buffer.byteLength(text) };
}

/** Writes to one index, which its path names. */
interface Request {
  readonly index: string;
  readonly lines: readonly Line[];
}

/** Requests that keep within the limits; a document that is larger than the limit travels alone. */
function split(index: string, lines: readonly Line[]): readonly Request[] {
  const requests: Line[][] = [];
  let bytes = 0;
  for (const line of lines) {
    const current = requests.at(-1);
    const fits =
      current !== undefined && current.length < maxRequestItems && bytes + line.bytes <= maxRequestBytes;
    if (fits) current.push(line);
    else requests.push([line]);
    bytes = fits ? bytes + line.bytes : line.bytes;
  }
  return requests.map((of) => ({ index, lines: of }));
}

async function send(
  connection: Connection,
  { index, lines }: Request,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<readonly WriteOutcome[]> {
  const all = (outcome: WriteOutcome): WriteOutcome[] => lines.map(() => outcome);
  if (signal.aborted)
    return all({
      kind: 'retry',
      reason: `the deadline of ${deadlineMs} ms passed before it was sent`,
      alarm: false,
    });
  try {
    const answer = await connection.ask({
      method: 'POST',
      path: `/${inPath(index)}/_bulk?filter_path=items.*.status,items.*.error.type,items.*.error.reason`,
      body: lines.map((line) => line.text).join(''),
      ndjson: true,
      signal,
      deadlineMs,
    });
    if (answer.status !== 200) return all(requestOutcome(answer.status, serverError(answer), lines.length));
    return itemsOf(answer.text).map(itemOutcome);
  } catch (error) {
    return all({ kind: 'retry', reason: messageOf(error), alarm: false });
  }
}

function itemsOf(text: string): BulkItem[] {
  const { items = [] } = parseOr<{ items?: Record<string, BulkItem>[] }>(text, {});
  return items.flatMap((item) => Object.values(item));
}

/** One line a reason and not one a document: a closed cluster refuses thousands in the same words. */
function reportAlarms(outcomes: readonly WriteOutcome[], logger: Logger): void {
  const reasons = new Map<string, number>();
  for (const outcome of outcomes)
    if (outcome.kind === 'retry' && outcome.alarm)
      reasons.set(outcome.reason, (reasons.get(outcome.reason) ?? 0) + 1);
  for (const [reason, writes] of reasons)
    logger.error(
      { reason, writes },
      'The search server refused writes for a reason that somebody has to look at.',
    );
}
