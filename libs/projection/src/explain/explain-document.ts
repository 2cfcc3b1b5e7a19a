import { messageOf } from '#kernel';
import { diffDocuments } from '#views';
import { tablesOf } from '../build/load/load.js';
import { readSnapshot } from '../revision/snapshot.js';
import type { Expected, Explanation, ExplainOptions, Indexed } from './explanation.js';
import { readExpected } from './read-expected.js';

/** A document that changes all the time is read again so often, and is then told as it was seen. */
const ATTEMPTS = 5;

/**
 * Where a document comes from, and whether it is what it should be: what the index holds, beside what the copies make of
 * one snapshot, with all that waits or was refused. Reads only.
 *
 * The snapshot comes first. An index that is newer than it has got a write in between, and both are read again.
 */
export async function explainDocument(options: ExplainOptions): Promise<Explanation> {
  for (let attempt = 1; ; attempt++) {
    const explanation = await explainOnce(options);
    const { indexed, revision } = explanation;
    const newer =
      indexed.kind === 'document' ? indexed.revision > revision : await decidedSince(options, explanation);
    if (!newer || attempt === ATTEMPTS) return explanation;
  }
}

async function explainOnce(options: ExplainOptions): Promise<Explanation> {
  const { pool, generation, timeoutMs = 30_000 } = options;
  const { read, revision } = await readSnapshot(
    pool,
    { tables: tablesOf(generation.plan), statementTimeoutMs: timeoutMs },
    (client) => readExpected(client, options),
  );
  const indexed = await readIndexed(options);
  return { indexed, revision, ...read, ...compare(indexed, read.expected) };
}

/** A deletion leaves no revision in the index to see, but a decision in the database. */
async function decidedSince(
  { pool, generation, id }: ExplainOptions,
  { revision, verdict }: Explanation,
): Promise<boolean> {
  if (verdict === 'equal') return false;
  const { rows } = await pool.query<{ revision: number }>(
    'SELECT revision::float8 AS revision FROM document WHERE index_name = $1 AND root_id = $2',
    [generation.indexName, id],
  );
  return (rows[0]?.revision ?? 0) > revision;
}

async function readIndexed({ index, generation, id, timeoutMs = 10_000 }: ExplainOptions): Promise<Indexed> {
  try {
    const found = await index.get(generation.indexName, id, { deadlineMs: timeoutMs });
    if (found === null) return { kind: 'none' };
    return { kind: 'document', revision: found.revision, document: JSON.parse(found.source) as unknown };
  } catch (error) {
    return { kind: 'unknown', reason: messageOf(error) };
  }
}

function compare(indexed: Indexed, expected: Expected): Pick<Explanation, 'verdict' | 'differences'> {
  if (indexed.kind === 'unknown' || expected.kind === 'unknown')
    return { verdict: 'unknown', differences: [] };
  const is = indexed.kind === 'document' ? indexed.document : null;
  const should = expected.kind === 'document' ? expected.document : null;
  if (is === null && should === null) return { verdict: 'equal', differences: [] };
  const differences = diffDocuments(is, should);
  if (is === null) return { verdict: 'missing', differences };
  if (should === null) return { verdict: 'surplus', differences };
  return { verdict: differences.length === 0 ? 'equal' : 'different', differences };
}
