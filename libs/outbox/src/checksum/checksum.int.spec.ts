import { beforeEach, describe, expect, it } from '@jest/globals';
import { contentHash, lineNumber, type ComparedLine, type IdRange, type ServiceAnswer } from '#messaging';
import { eventually } from '#testing';
import { items, useResyncBed } from '../testing/resync-bed.js';

const bed = useResyncBed();

/** Ids that sort otherwise by locale or by UTF-16, and such as a line could be mistaken with. */
const ids = ['1:5', 'A', 'B', 'Z', 'a', 'a b', 'b', 'é', '\uffee', '😀'];
const everything: IdRange = { after: null, to: null };

beforeEach(async () => {
  await bed.pool.query(
    `WITH made AS (INSERT INTO item SELECT id, at FROM unnest($1::text[]) WITH ORDINALITY AS one (id, at) RETURNING id)
     INSERT INTO item_note SELECT id, 'note of ' || id FROM made`,
    [ids],
  );
  await bed.start('service');
});

const lineOf = (id: string, contents: boolean, epoch = 0): ComparedLine => ({
  id,
  epoch,
  version: ids.indexOf(id) + 1,
  content: contents ? contentHash({ note: `note of ${id}`, id }) : null,
});

const sumOf = (of: readonly string[], contents: boolean, epoch = 0) => ({
  count: of.length,
  checksum: `${of.reduce((sum, id) => sum + lineNumber(lineOf(id, contents, epoch)), 0n)}`,
});

/** By byte, as the definition of a range has it. */
function inside(id: string, { after, to }: IdRange): boolean {
  const order = (other: string): number => Buffer.compare(Buffer.from(id), Buffer.from(other));
  return (after === null || order(after) > 0) && (to === null || order(to) <= 0);
}

async function checksums(ranges: readonly IdRange[], contents = false) {
  const answer = await bed.ask({ kind: 'checksum', ranges, contents });
  if (answer.kind !== 'checksums') throw new Error(JSON.stringify(answer));
  return answer;
}

describe.each([false, true])('checksums of ranges, contents compared: %s', (contents) => {
  it('are the sums of the lines that lie in each, by byte, with its end and without its beginning', async () => {
    const cuts = [null, ...ids, 'aa', 'C', '~', '\u00ea'];
    const ranges = cuts.flatMap((after) => cuts.map((to) => ({ after, to }))).slice(0, 64 * 3);
    for (let at = 0; at < ranges.length; at += 64) {
      const asked = ranges.slice(at, at + 64);
      expect((await checksums(asked, contents)).ranges).toEqual(
        asked.map((range) =>
          sumOf(
            ids.filter((id) => inside(id, range)),
            contents,
          ),
        ),
      );
    }
  });

  it('leave deleted aggregates out, and have the epoch in them', async () => {
    await bed.pool.query(
      `UPDATE item SET deleted = true WHERE id = 'b'; INSERT INTO source_epoch VALUES ('item', 7)`,
    );
    const left = ids.filter((id) => id !== 'b');
    const { epoch, ranges } = await checksums([everything], contents);
    expect([epoch, ranges]).toEqual([7, [sumOf(left, contents, 7)]]);
  });
});

describe('the versions of aggregates', () => {
  const versionsIn = async (range: IdRange, limit: number) => {
    const answer = await bed.ask({ kind: 'versions', of: { range, limit }, contents: false });
    return answer.kind === 'versions' ? answer.aggregates.map(({ id }) => id) : answer;
  };

  it('are listed in a range by pages, deleted ones too', async () => {
    await bed.pool.query(`UPDATE item SET deleted = true WHERE id = 'B'`);
    const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await versionsIn(everything, 3)).toEqual(sorted.slice(0, 3));
    expect(await versionsIn({ after: sorted[2]!, to: sorted[6]! }, 100)).toEqual(sorted.slice(3, 7));
    expect(await versionsIn({ after: 'z', to: 'a' }, 100)).toEqual([]);
  });

  it('are told of ids, with hashes of their states, and which of them have events on their way', async () => {
    await bed.write('A');
    await bed.write('b');
    await bed.pool.query(`
      WITH dead AS (DELETE FROM outbox WHERE aggregate_id = 'b' RETURNING *)
      INSERT INTO outbox_dead_letter (seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body,
        attempts, reason, suspect, created_at)
      SELECT seq, event_id, source, aggregate_id, name, epoch, version, routing_key, body, 3, 'no', false, created_at
      FROM dead`);
    const answer = await bed.ask({
      kind: 'versions',
      of: { ids: ['A', 'nobody', 'b', 'é'] },
      contents: true,
    });
    expect(answer).toMatchObject({
      kind: 'versions',
      epoch: 0,
      aggregates: [
        { id: 'A', version: 3, deleted: false, content: contentHash({ id: 'A', note: 'note 3' }) },
        { id: 'b', version: 8, deleted: false },
        { id: 'é', version: 8, deleted: false, content: contentHash({ note: 'note of é', id: 'é' }) },
      ],
      waiting: ['A'],
      deadLettered: ['b'],
    });
    await bed.pool.query('TRUNCATE outbox_dead_letter');
  });

  it('wait for no writer, and nobody waits for them', async () => {
    const holder = await bed.pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query(`UPDATE item SET version = version + 1 WHERE id = 'A'`);
      for (const contents of [false, true]) {
        expect((await checksums([everything], contents)).ranges).toEqual([sumOf(ids, contents)]);
        const answer = await bed.ask({ kind: 'versions', of: { ids: ['A'] }, contents });
        expect(answer).toMatchObject({ aggregates: [{ id: 'A', version: 2 }] });
      }
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
  });
});

describe('publishing single aggregates again', () => {
  it('appends the state and version of each that has a row, and says which', async () => {
    await bed.pool.query(`UPDATE item SET deleted = true WHERE id = 'B'`);
    const answer = await bed.ask({ kind: 'publish', ids: ['A', 'nobody', 'B'] });
    expect(answer).toMatchObject({
      kind: 'published',
      epoch: 0,
      aggregates: [
        { id: 'A', version: 2 },
        { id: 'B', version: 3 },
      ],
    });
    expect(await bed.drain()).toMatchObject([
      { name: 'ItemPublishedAgain', aggregateId: 'A', version: 2, data: { id: 'A', note: 'note of A' } },
      { name: 'ItemPublishedAgain', aggregateId: 'B', version: 3, deleted: true, data: null },
    ]);
  });

  it('publishes none when one of them is refused, and says which', async () => {
    await bed.pool.query(`UPDATE item_note SET note = 'refused' WHERE id = 'B'`);
    expect(await bed.ask({ kind: 'publish', ids: ['A', 'B'] })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('item/B'),
    });
    expect(await bed.drain()).toEqual([]);
  });
});

describe('a service that can not compare', () => {
  it('refuses with what can be done instead', async () => {
    const { compared: _, ...rest } = items;
    const resyncs = { ...rest, contract: { ...rest.contract, name: 'other' } };
    await bed.end();
    await bed.begin();
    await bed.start('service', { sources: [resyncs, items] });
    const ask = (): Promise<ServiceAnswer> =>
      bed.ask({ kind: 'checksum', source: 'other', ranges: [], contents: false });
    await eventually(async () =>
      expect(await ask()).toMatchObject({
        kind: 'refused',
        remedy: expect.stringContaining('npx prejoin resync other'),
      }),
    );
  });
});
