import { contentHash, lineNumber, lineNumberSql, type IdRange, type RangeChecksum } from '#messaging';
import type { ComparedSource } from '../resync/published-source.js';
import type { Transaction } from '../transaction.js';
import { inRange, isAbove } from './range-sql.js';

/** The most aggregates of one range that are summed: about a tenth of a second by versions, and one by contents. */
export const maxSummed = { versions: 50_000, contents: 5_000 } as const;
const pageRows = 500;

/** By ids and versions, which PostgreSQL sums by itself. */
export async function sumVersions(
  tx: Transaction,
  compared: ComparedSource,
  range: IdRange,
  epoch: number,
): Promise<RangeChecksum> {
  const rows = compared.rows(tx);
  const { sql, values } = inRange(rows, range, 3);
  const line = lineNumberSql({ epoch: '$1::bigint', version: 'version', id: 'id' });
  const found: { count: number; checksum: string }[] = await tx.query(
    `SELECT count(*)::int AS count, coalesce(sum(${line}), 0)::text AS checksum
     FROM (
       SELECT (${rows.id})::text AS id, (${rows.version})::bigint AS version FROM ${rows.table}
       WHERE NOT (${rows.deleted}) AND ${sql}
       ORDER BY ${rows.id}
       LIMIT $2
     ) AS aggregate`,
    [epoch, maxSummed.versions + 1, ...values],
  );
  return within(found[0]!.count, found[0]!.checksum, maxSummed.versions);
}

/** By their states too, which the service has to read. */
export async function sumContents(
  tx: Transaction,
  compared: ComparedSource,
  range: IdRange,
  epoch: number,
): Promise<RangeChecksum> {
  let [count, sum] = [0, 0n];
  let { after } = range;
  while (count <= maxSummed.contents) {
    const page = await compared.readPage(tx, after, pageRows);
    for (const { id, version, data } of page) {
      if (isAbove(id, range.to)) return within(count, `${sum}`, maxSummed.contents);
      if (data === null) continue;
      count += 1;
      sum += lineNumber({ id, epoch, version, content: contentHash(data) });
    }
    const last = page.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  return within(count, `${sum}`, maxSummed.contents);
}

function within(count: number, checksum: string, most: number): RangeChecksum {
  return { count, checksum: count > most ? null : checksum };
}
