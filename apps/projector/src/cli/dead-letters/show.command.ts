import type { Pool } from 'pg';
import { readDeadLetter, type StoredDeadLetter } from '#projection';
import { UsageError } from '../usage-error.js';
import { visible } from './visible.js';

export class DeadLetterUnknownError extends UsageError {
  constructor(id: number) {
    super('dead_letter_unknown', `There is no dead letter ${id}.`, {
      remedy: 'List them with: npx prejoin dead-letters list --state all',
    });
  }
}

/**
 * Prints everything about one letter, for people or as JSON, or with `raw` the bytes of its body and nothing else.
 * @throws {DeadLetterUnknownError}
 */
export async function printLetter(
  pool: Pool,
  id: number,
  { raw, json }: { readonly raw?: boolean; readonly json?: boolean },
): Promise<void> {
  const letter = await readDeadLetter(pool, id);
  if (letter === null) throw new DeadLetterUnknownError(id);
  if (raw === true) process.stdout.write(letter.body ?? '');
  else process.stdout.write(`${json === true ? jsonOf(letter) : describeLetter(letter)}\n`);
}

/** The body as base64: it may be no text at all. */
function jsonOf(letter: StoredDeadLetter): string {
  return JSON.stringify({ ...letter, body: letter.body?.toString('base64') ?? null }, null, 2);
}

function describeLetter(letter: StoredDeadLetter): string {
  const fields: readonly (readonly [string, string | number | null])[] = [
    ['reason', letter.reason],
    ['source', letter.source],
    ['aggregate', letter.aggregateId],
    ['epoch', letter.epoch],
    ['version', letter.version],
    ['message id', letter.messageId],
    ['view', letter.view],
    ['root', letter.rootId],
    ['index', letter.indexName],
    ['written', letter.createdAt.toISOString()],
    ['healed', letter.healedAt?.toISOString() ?? null],
    ['discarded', letter.discardedAt?.toISOString() ?? null],
  ];
  return [
    `Dead letter ${letter.id}: ${letter.kind}, ${letter.state}`,
    ...fields.flatMap(([name, value]) =>
      value === null ? [] : [`  ${name.padEnd(11)}${visible(`${value}`)}`],
    ),
    '',
    describeBody(letter),
    '',
    whatCanBeDone(letter),
  ].join('\n');
}

function describeBody({ body, bytes, kind }: StoredDeadLetter): string {
  if (body === null) return 'Body: none, since no document could be made.';
  const what = kind === 'document' ? 'The document as it was refused' : 'The message as it came';
  const json = prettyJson(body);
  if (json !== null) return `${what}, ${bytes} bytes, formatted (--raw gives the bytes):\n${json}`;
  const cut = bytes > PREVIEW_BYTES ? `, of which the first ${PREVIEW_BYTES} follow` : '';
  return `${what}, ${bytes} bytes that are no JSON${cut} (--raw gives all):\n${hexPreview(body)}`;
}

/** Null for what is no JSON. A body may be anything, so failing to read it is no fault here. */
function prettyJson(body: Buffer): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return JSON.stringify(JSON.parse(text), null, 2).split('\n').map(visible).join('\n');
  } catch {
    return null;
  }
}

const PREVIEW_BYTES = 256;

/** Sixteen bytes a line, in hex and as the text that they may be. */
function hexPreview(body: Buffer): string {
  const lines: string[] = [];
  for (let at = 0; at < Math.min(body.length, PREVIEW_BYTES); at += 16) {
    const part = body.subarray(at, at + 16);
    const hex = part.toString('hex').replaceAll(/(..)(?=.)/g, '$1 ');
    const text = part.toString('latin1').replaceAll(/[^\x20-\x7e]/g, '.');
    lines.push(`  ${at.toString(16).padStart(4, '0')}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join('\n');
}

const cures: Readonly<Record<StoredDeadLetter['kind'], string>> = {
  envelope:
    'Mend the publisher, or declare what it sends. A newer version of the aggregate heals the letter by itself.',
  constraint: 'Mend the data at its publisher: a newer version of the aggregate heals the letter by itself.',
  document: 'Mend the data or the view. The next change of the root, or a rebuild, tries the document again.',
};

function whatCanBeDone({ id, kind, state }: StoredDeadLetter): string {
  if (state === 'healed') return 'Nothing is left to do.';
  const retry = `  npx prejoin dead-letters retry ${id}`;
  if (state === 'discarded') return `Somebody has given it up. To try it all the same:\n${retry}`;
  return [
    cures[kind],
    'To try it now, or to give it up:',
    retry,
    `  npx prejoin dead-letters discard ${id}`,
  ].join('\n');
}
