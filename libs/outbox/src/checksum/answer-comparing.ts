import { PrejoinError } from '#kernel';
import type { ComparingRequest, ServiceAnswer } from '#messaging';
import type { DataSource } from 'typeorm';
import type { PublishedSource } from '../resync/published-source.js';
import { readEpoch } from '../source-epoch.js';
import { inSnapshot, inTransaction } from '../transaction.js';
import { listRange, listThese } from './list-versions.js';
import { publishThese } from './publish-these.js';
import { sumContents, sumVersions } from './sum-range.js';

/**
 * Answers what copies are compared and mended by. All that one answer tells is of one snapshot, and how much that is
 * has a limit: a range that has more is not summed.
 * @throws {PrejoinError} `not_comparable` when the source does not say where its rows are
 */
export async function answerComparing(
  dataSource: DataSource,
  published: PublishedSource,
  request: ComparingRequest,
): Promise<ServiceAnswer> {
  const { compared, contract } = published;
  if (compared === undefined) throw notComparable(contract.name);
  const base = { source: contract.name, request: request.id };
  if (request.kind === 'publish') {
    return inTransaction(dataSource, async (tx) => ({
      kind: 'published',
      ...base,
      ...(await publishThese(tx, published, compared, request.ids)),
    }));
  }
  return inSnapshot(dataSource, async (tx) => {
    const epoch = await readEpoch(tx, contract.name);
    if (request.kind === 'versions') {
      const { of, contents } = request;
      const listed =
        'ids' in of
          ? await listThese(tx, compared, contract.name, of.ids, contents)
          : { aggregates: await listRange(tx, compared, of, contents), waiting: [], deadLettered: [] };
      return { kind: 'versions', ...base, epoch, ...listed };
    }
    const ranges = [];
    for (const range of request.ranges)
      ranges.push(
        await (request.contents
          ? sumContents(tx, compared, range, epoch)
          : sumVersions(tx, compared, range, epoch)),
      );
    return { kind: 'checksums', ...base, epoch, ranges };
  });
}

function notComparable(source: string): PrejoinError {
  return new PrejoinError(
    'not_comparable',
    `The service does not say what it has of ${source}, range by range.`,
    {
      remedy: `Compare it by publishing all of it again: npx prejoin resync ${source}`,
    },
  );
}
