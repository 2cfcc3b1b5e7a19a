import type { ClientBase } from 'pg';
import { assemble, documentParts } from '#views';
import { loadRows } from '../build/load/load.js';
import { readOpenLetters, type ListedDeadLetter } from '../dead-letters/list.js';
import { missingComputes } from '../generations/generation.js';
import type { Absence, Expected, Explanation, ExplainOptions, Known } from './explanation.js';
import { explainParts, type ExplainedPart } from './parts.js';
import { readRowFacts } from './row-facts.js';
import { readWaitingKeys, readWaitingMarks } from './waiting-for.js';

type Seen = Omit<Explanation, 'indexed' | 'revision' | 'verdict' | 'differences'>;

/** Reads everything that one snapshot says of a document. */
export async function readExpected(
  client: ClientBase,
  { generation, id, computes }: ExplainOptions,
): Promise<Seen> {
  const { plan, view, indexName } = generation;
  const rows = await loadRows(client, plan, [id]);
  const { parts, absent } = documentParts(plan, id, rows);
  const explained = await explainParts(client, plan, parts, rows);
  const missing = missingComputes(plan, computes);
  const expected =
    missing.length > 0
      ? ({ kind: 'unknown', reason: `this code lacks functions of the plan: ${missing.join(', ')}` } as const)
      : await expectedOf(client, absent, plan.root, id, () => assemble(plan, [id], rows, computes)[0]);
  return {
    expected,
    known: await readKnown(client, indexName, id),
    parts: explained,
    marks: await readWaitingMarks(client, view, id),
    keys: await readWaitingKeys(client, view, id),
    letters: await readOpenLetters(client, {
      view,
      rootId: id,
      aggregates: aggregatesOf(plan.root, id, explained),
    }),
  };
}

async function expectedOf(
  client: ClientBase,
  absent: ReturnType<typeof documentParts>['absent'],
  source: string,
  id: string,
  make: () => ReturnType<typeof assemble>[number] | undefined,
): Promise<Expected> {
  if (absent === 'filtered') return { kind: 'none', why: { kind: 'filtered' } };
  if (absent === 'no_row') return { kind: 'none', why: await whyNoRow(client, source, id) };
  if (absent !== null) return { kind: 'none', why: { kind: 'lacks', part: absent } };
  const made = make();
  if (made === undefined || 'fault' in made)
    return { kind: 'unknown', reason: made?.fault ?? 'it could not be made' };
  // As it is stored: what JSON does not have is gone.
  return { kind: 'document', document: JSON.parse(JSON.stringify(made.document)) as unknown };
}

async function whyNoRow(client: ClientBase, source: string, id: string): Promise<Absence> {
  const root = (await readRowFacts(client, source, [id])).get(id);
  if (root === undefined) return { kind: 'no_root' };
  return { kind: root.erasedAt === null ? 'deleted' : 'erased', root };
}

async function readKnown(client: ClientBase, indexName: string, id: string): Promise<Known | null> {
  const { rows } = await client.query<Known>(
    `SELECT revision::float8 AS revision, hash IS NULL AS deletes, confirmed, confirmed_at AS "confirmedAt"
     FROM document WHERE index_name = $1 AND root_id = $2`,
    [indexName, id],
  );
  return rows[0] ?? null;
}

type Aggregate = Pick<ListedDeadLetter, 'source' | 'aggregateId'>;

/** Those that are in the document, those that should be and are not there, and the root in any case. */
function aggregatesOf(root: string, id: string, parts: readonly ExplainedPart[]): readonly Aggregate[] {
  return [
    { source: root, aggregateId: id },
    ...parts.flatMap(({ source, aggregateId }) => (aggregateId === null ? [] : [{ source, aggregateId }])),
  ];
}
