import type { Pool } from 'pg';
import { contentHash, lineNumber, lineNumberSql, type IdRange, type RangeChecksum } from '#messaging';
import { copyTable } from '../schema/names.js';

/** A copy as it is compared, tombstones too. */
export interface ComparedCopy {
  readonly id: string;
  readonly epoch: number;
  readonly version: number;
  readonly deleted: boolean;
  /** Erased: whatever its service says, it stays as it is. */
  readonly erased: boolean;
  /** The hash of its state where contents are compared and it is not deleted, else null. */
  readonly content: string | null;
}

const pageRows = 1_000;

/** The same sum over the copies of a range as its service makes of its rows; the deleted are left out, and so the erased. */
export async function sumCopies(
  pool: Pool,
  source: string,
  range: IdRange,
  contents: boolean,
): Promise<RangeChecksum> {
  return contents ? sumContents(pool, source, range) : sumVersions(pool, source, range);
}

async function sumVersions(pool: Pool, source: string, range: IdRange): Promise<RangeChecksum> {
  const { sql, values } = inRange(range);
  const line = lineNumberSql({ epoch: 'epoch', version: 'version', id: 'id' });
  const { rows } = await pool.query<{ count: number; checksum: string }>(
    `SELECT count(*)::float8 AS count, coalesce(sum(${line}), 0)::text AS checksum
     FROM ${copyTable(source)} WHERE NOT deleted AND ${sql}`,
    values,
  );
  return rows[0]!;
}

/** Page by page, so that a range of any size takes the memory of one. */
async function sumContents(pool: Pool, source: string, range: IdRange): Promise<RangeChecksum> {
  let [count, sum] = [0, 0n];
  for (let { after } = range; ;) {
    const page = await listCopies(pool, source, { after, to: range.to }, pageRows, true);
    for (const copy of page) {
      if (copy.deleted) continue;
      count += 1;
      sum += lineNumber(copy);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageRows) return { count, checksum: `${sum}` };
    after = last.id;
  }
}

/** The first copies of a range in the order of their ids; fewer than `limit` are all. */
export async function listCopies(
  pool: Pool,
  source: string,
  range: IdRange,
  limit: number,
  contents: boolean,
): Promise<readonly ComparedCopy[]> {
  const { sql, values } = inRange(range);
  const { rows } = await pool.query<CopyRow>(
    `SELECT ${columns(contents)} FROM ${copyTable(source)} WHERE ${sql} ORDER BY id LIMIT $${values.length + 1}`,
    [...values, limit],
  );
  return rows.map(toCopy);
}

/** Copies by their ids. */
export async function copiesOf(
  pool: Pool,
  source: string,
  ids: readonly string[],
  contents: boolean,
): Promise<ReadonlyMap<string, ComparedCopy>> {
  const { rows } = await pool.query<CopyRow>(
    `SELECT ${columns(contents)} FROM ${copyTable(source)} WHERE id = ANY ($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, toCopy(row)]));
}

interface CopyRow extends Omit<ComparedCopy, 'content'> {
  readonly data: string | null;
}

function columns(contents: boolean): string {
  return `id, epoch::float8 AS epoch, version::float8 AS version, deleted, erased_at IS NOT NULL AS erased,
    ${contents ? 'data::text' : 'NULL::text'} AS data`;
}

function toCopy({ data, ...copy }: CopyRow): ComparedCopy {
  return { ...copy, content: data === null ? null : contentHash(JSON.parse(data)) };
}

function inRange({ after, to }: IdRange): { readonly sql: string; readonly values: string[] } {
  const bounds = [
    ...(after === null ? [] : [{ operator: '>', value: after }]),
    ...(to === null ? [] : [{ operator: '<=', value: to }]),
  ];
  const conditions = bounds.map(({ operator }, at) => `id ${operator} $${at + 1}`);
  return { sql: ['true', ...conditions].join(' AND '), values: bounds.map(({ value }) => value) };
}
