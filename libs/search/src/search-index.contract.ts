import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { IndexConflictError, IndexMissingError } from './errors.js';
import type {
  KeyRange,
  ScanPage,
  ScanPosition,
  SearchIndex,
  SearchRequest,
  WriteOperation,
} from './search-index.js';
import { orderPlan } from './testing/order-plan.js';

export interface ContractSubject {
  readonly index: SearchIndex;
  readonly prefix: string;
  dispose(): Promise<void>;
}

const deadlineMs = 20_000;

const firstPage: SearchRequest = {
  where: null,
  q: null,
  in: null,
  sort: [{ field: 'id', descending: false, nulls: 'last' }],
  fields: null,
  limit: 1,
  after: null,
  offset: 0,
};

export function put(index: string, id: string, revision: number, document: object = {}): WriteOperation {
  return { kind: 'index', index, id, revision, body: JSON.stringify({ id, ...document }) };
}

export function remove(index: string, id: string, revision: number): WriteOperation {
  return { kind: 'delete', index, id, revision };
}

/** What every adapter promises about indices, aliases, writes and reads; searching has a suite of its own. */
export function searchIndexContract(adapter: string, open: () => Promise<ContractSubject>): void {
  describe(`${adapter} keeps the contract of a search index`, () => {
    let subject: ContractSubject;
    let search: SearchIndex;
    beforeAll(async () => {
      subject = await open();
      search = subject.index;
    });
    afterAll(() => subject.dispose());

    const fresh = async (): Promise<string> => {
      const index = `${subject.prefix}orders.${randomBytes(4).toString('hex')}`;
      await search.create(index, orderPlan);
      return index;
    };
    const get = (index: string, id: string) => search.get(index, id, { deadlineMs });
    const write = (operations: readonly WriteOperation[]) => search.write(operations, deadlineMs);

    test('creating an index again is no fault when its fingerprint is the same', async () => {
      const index = await fresh();
      await write([put(index, 'a', 1)]);
      await search.create(index, orderPlan);
      expect(await get(index, 'a')).not.toBeNull();
    });

    test('an index that exists with another fingerprint is refused', async () => {
      const index = await fresh();
      const other = { ...orderPlan, fingerprint: 'ffffffffffff' };
      await expect(search.create(index, other)).rejects.toBeInstanceOf(IndexConflictError);
    });

    test('an index can be dropped, and dropping it again is no fault', async () => {
      const index = await fresh();
      expect(await search.exists(index)).toBe(true);
      await search.drop(index);
      expect(await search.exists(index)).toBe(false);
      await search.drop(index);
    });

    test('an alias moves from index to index in one step, and points at one only', async () => {
      const [first, second] = [await fresh(), await fresh()];
      const alias = `${subject.prefix}alias-${randomBytes(4).toString('hex')}`;
      expect(await search.pointsAt(alias)).toBeNull();
      await search.point(alias, first);
      expect(await search.pointsAt(alias)).toBe(first);
      await search.point(alias, second);
      await search.point(alias, second);
      expect(await search.pointsAt(alias)).toBe(second);
      await write([put(second, 'a', 7)]);
      expect((await get(alias, 'a'))?.revision).toBe(7);
    });

    test('an alias can not take the name of an index, nor point at an index that is not there', async () => {
      const [first, second] = [await fresh(), await fresh()];
      await expect(search.point(first, second)).rejects.toBeInstanceOf(IndexConflictError);
      await expect(
        search.point(`${subject.prefix}nowhere`, `${subject.prefix}absent`),
      ).rejects.toBeInstanceOf(IndexMissingError);
    });

    test('outcomes come in the order of the operations', async () => {
      const index = await fresh();
      const outcomes = await write([
        put(index, 'a', 5),
        put(index, 'bad', 5, { total: 'x' }),
        remove(index, 'none', 5),
        put(index, 'a', 4),
      ]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['done', 'refused', 'done', 'superseded']);
    });

    test('an index is held by points in time until they are closed, and closing one again is no fault', async () => {
      const index = await fresh();
      expect(await search.heldBy(index)).toBe(0);
      const held = await search.openPointInTime(index, 60_000);
      expect(await search.heldBy(index)).toBe(1);
      await search.closePointInTime(held);
      await search.closePointInTime(held);
      expect(await search.heldBy(index)).toBe(0);
      await search.drop(index);
      expect(await search.heldBy(index)).toBe(0);
    });

    test('an index tells how often it was searched and asked for a document', async () => {
      const index = await fresh();
      await write([put(index, 'a', 1)]);
      await search.refresh(index);
      const before = await search.readsOf(index);
      await search.get(index, 'a', { deadlineMs });
      await search.search(index, orderPlan, firstPage, { deadlineMs });
      expect((await search.readsOf(index)) - before).toBe(2);
      await search.drop(index);
      expect(await search.readsOf(index)).toBe(0);
    });

    test('no operations have no outcomes', async () => {
      expect(await write([])).toEqual([]);
    });

    test('an older revision is superseded by the one that is there, an equal one is written again', async () => {
      const index = await fresh();
      await write([put(index, 'a', 10, { status: 'new' })]);
      expect(await write([put(index, 'a', 9, { status: 'old' })])).toEqual([
        { kind: 'superseded', current: 10 },
      ]);
      expect((await get(index, 'a'))?.source).toContain('new');
      expect(await write([put(index, 'a', 10, { status: 'again' })])).toEqual([{ kind: 'done' }]);
      expect((await get(index, 'a'))?.source).toContain('again');
    });

    test('revisions hold up to the largest whole number that JavaScript counts exactly', async () => {
      const index = await fresh();
      const last = Number.MAX_SAFE_INTEGER;
      await write([put(index, 'a', last)]);
      expect((await get(index, 'a'))?.revision).toBe(last);
      expect(await write([put(index, 'a', last - 1)])).toEqual([{ kind: 'superseded', current: last }]);
    });

    test('a delete leaves a tombstone that refuses an older write, even of what was never there', async () => {
      const index = await fresh();
      await write([put(index, 'a', 1), remove(index, 'a', 3), remove(index, 'b', 3)]);
      const late = await write([put(index, 'a', 2), put(index, 'b', 2)]);
      expect(late).toEqual([
        { kind: 'superseded', current: 3 },
        { kind: 'superseded', current: 3 },
      ]);
      expect(await get(index, 'a')).toBeNull();
      expect(await write([put(index, 'a', 4)])).toEqual([{ kind: 'done' }]);
    });

    test('a delete that comes late does not take away a newer document', async () => {
      const index = await fresh();
      await write([put(index, 'a', 5)]);
      expect(await write([remove(index, 'a', 4)])).toEqual([{ kind: 'superseded', current: 5 }]);
      expect(await get(index, 'a')).not.toBeNull();
    });

    test('documents that can not be indexed are refused one by one, and their neighbours are written', async () => {
      const index = await fresh();
      const bad: Record<string, object> = {
        'a text for a number': { total: 'a lot' },
        'a fraction for a whole number': { total: 10.5 },
        'a field that the view does not have': { surprise: 1 },
        'an unknown field in a list': { lines: [{ surprise: 1 }] },
        'a date that is none': { placedAt: 'yesterday' },
      };
      const operations = Object.entries(bad).flatMap(([id, document]) => [
        put(index, id, 1, document),
        put(index, `beside ${id}`, 1),
      ]);
      const outcomes = await write(operations);
      for (const [at, operation] of operations.entries())
        expect([operation.id, outcomes[at]?.kind]).toEqual([
          operation.id,
          operation.id.startsWith('beside') ? 'done' : 'refused',
        ]);
    });

    test('a body that is no JSON, or has a line break, is refused and harms no neighbour', async () => {
      const index = await fresh();
      await write([put(index, 'victim', 1)]);
      const attack = `{"id":"x"}\n{"delete":{"_index":"${index}","_id":"victim","version":9,"version_type":"external_gte"}}`;
      const outcomes = await write([
        put(index, 'a', 1),
        { kind: 'index', index, id: 'x', revision: 1, body: attack },
        { kind: 'index', index, id: 'y', revision: 1, body: '{"id":' },
        put(index, 'b', 1),
      ]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['done', 'refused', 'refused', 'done']);
      expect(await get(index, 'victim')).not.toBeNull();
    });

    test('an id that is empty or too long is refused and harms no neighbour', async () => {
      const index = await fresh();
      const outcomes = await write([put(index, '', 1), put(index, 'é'.repeat(300), 1), put(index, 'a', 1)]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual(['refused', 'refused', 'done']);
    });

    test('a write to an index that is not there makes no index and says so', async () => {
      const index = await fresh();
      const absent = `${subject.prefix}absent`;
      const outcomes = await write([put(absent, 'a', 1), put(index, 'a', 1), remove(absent, 'a', 1)]);
      expect(outcomes.map((outcome) => outcome.kind)).toEqual([
        'index_unavailable',
        'done',
        'index_unavailable',
      ]);
      expect(await search.exists(absent)).toBe(false);
    });

    test('get of an unknown id is null, of an unknown index an error that names it', async () => {
      const index = await fresh();
      expect(await get(index, 'nobody')).toBeNull();
      await expect(get(`${subject.prefix}absent`, 'a')).rejects.toBeInstanceOf(IndexMissingError);
    });

    test('ids of any characters are found again', async () => {
      const index = await fresh();
      const ids = ['a/b?c=d&e', 'über', '😀', 'a b', '%2F', '..', 'a"b\\c', 'x,y', '*', '\u202ertl'];
      await write(ids.map((id) => put(index, id, 1)));
      for (const id of ids) expect((await get(index, id))?.id).toBe(id);
    });

    test('a document comes back byte for byte', async () => {
      const index = await fresh();
      const body =
        '{"id":"a","extra":{"2":1.0,"1":12345678901234567890,"__proto__":{"x":1}},"note":"\\u00e9 é \\"q\\" 😀 \\u202e","total":1}';
      await write([{ kind: 'index', index, id: 'a', revision: 1, body }]);
      await search.refresh(index);
      expect((await get(index, 'a'))?.source).toBe(body);
      expect((await search.scan(index, null, 10))[0]?.source).toBe(body);
    });

    test('a string of 40 000 bytes, NUL, emoji and right-to-left text do not fail the document', async () => {
      const index = await fresh();
      const texts = [
        'x'.repeat(40_000),
        'é'.repeat(20_000),
        '😀'.repeat(10_000),
        'a\u0000b',
        '\u202eمرحبا',
        '\ud800 alone',
        '',
      ];
      const outcomes = await write(
        texts.map((text, at) =>
          put(index, `t${at}`, 1, {
            status: text,
            note: text,
            tags: [text],
            customer: { id: text, name: text },
            secret: text,
            lines: [{ product: { sku: text, name: text } }],
            codes: [{ code: text }],
          }),
        ),
      );
      expect(outcomes).toEqual(texts.map(() => ({ kind: 'done' })));
    });

    test('count and scan see what was written before a refresh, in id order, each document once', async () => {
      const index = await fresh();
      const ids = Array.from({ length: 250 }, (_, at) => `id-${String((at * 37) % 250).padStart(3, '0')}`);
      await write(ids.map((id) => put(index, id, 3)));
      await write([remove(index, 'id-007', 4)]);
      await search.refresh(index);
      expect(await search.count(index)).toBe(249);
      const scanned: string[] = [];
      for (let after: string | null = null; ;) {
        const page: readonly { id: string; revision: number }[] = await search.scan(index, after, 100);
        scanned.push(...page.map((document) => document.id));
        after = page.at(-1)?.id ?? null;
        if (after === null) break;
      }
      expect(scanned).toEqual(ids.filter((id) => id !== 'id-007').sort());
    });

    test('many are found by id at once, before a refresh, and without those that are not there', async () => {
      const index = await fresh();
      const ids = Array.from({ length: 1_200 }, (_, at) => `id ${at} é`);
      await write(ids.map((id, at) => put(index, id, at + 1)));
      await write([remove(index, 'id 3 é', 5_000)]);
      const found = await search.getMany(index, [...ids, 'nobody'], { deadlineMs });
      expect(found.size).toBe(1_199);
      expect(found.get('id 7 é')).toEqual({ id: 'id 7 é', revision: 8, source: '{"id":"id 7 é"}' });
      expect(found.has('id 3 é')).toBe(false);
      expect((await search.getMany(index, [], { deadlineMs })).size).toBe(0);
      const absent = search.getMany(`${subject.prefix}absent`, ['a'], { deadlineMs });
      await expect(absent).rejects.toBeInstanceOf(IndexMissingError);
    });

    /** The same documents must be told by their revisions alone. */
    const revisionsOf = async (
      index: string,
      range: KeyRange,
      from: ScanPosition | null,
      limit: number,
    ): Promise<readonly { key: string; revision: number }[]> =>
      (await search.scanRevisions(index, range, from, limit)).documents.map(({ key, revision }) => ({
        key,
        revision,
      }));

    const keysOf = async (index: string, after: string | null, to: string | null, limit = 2) => {
      const found: string[] = [];
      for (let from: ScanPosition | null = null; ;) {
        const page: ScanPage = await search.scanRange(index, { after, to }, from, limit);
        expect(await revisionsOf(index, { after, to }, from, limit)).toEqual(
          page.documents.map(({ key, revision }) => ({ key, revision })),
        );
        found.push(...page.documents.map(({ key, id }) => (key === id ? id : `${id} at ${key}`)));
        from = page.next;
        if (from === null) return found;
      }
    };

    test('a range has its documents by byte, without its lower end and with its upper one', async () => {
      const index = await fresh();
      // By UTF-16 unit the emoji would come before the last one of the basic plane.
      const ids = ['A', 'Z', 'a', 'a/1', 'b', 'é', '\uffee', '😀', '😀a'];
      await write([...ids].reverse().map((id) => put(index, id, 1)));
      await search.refresh(index);
      expect(await keysOf(index, null, null)).toEqual(ids);
      expect(await keysOf(index, null, 'a')).toEqual(['A', 'Z', 'a']);
      expect(await keysOf(index, 'a', 'é')).toEqual(['a/1', 'b', 'é']);
      expect(await keysOf(index, '\uffee', null)).toEqual(['😀', '😀a']);
      expect(await keysOf(index, 'é', '😀', 1)).toEqual(['\uffee', '😀']);
      expect(await keysOf(index, 'x', 'y')).toEqual([]);
    });

    test('documents under another id than their own, and those without one, are found once each', async () => {
      const index = await fresh();
      const others = ['o1', 'o2', 'o3'].map((id): WriteOperation => ({
        ...put(index, id, 1),
        kind: 'index',
        body: '{"id":"m"}',
      }));
      const stray: WriteOperation = { kind: 'index', index, id: 'stray', revision: 4, body: '{"total":1}' };
      await write([put(index, 'l', 1), put(index, 'm', 1), put(index, 'n', 1), ...others, stray]);
      await search.refresh(index);
      for (const limit of [1, 2, 3, 50])
        expect((await keysOf(index, null, null, limit)).sort()).toEqual(
          ['l', 'm', 'n', 'o1 at m', 'o2 at m', 'o3 at m'].sort(),
        );
      expect(await search.strays(index, 10)).toEqual([{ id: 'stray', revision: 4, source: '{"total":1}' }]);
      expect(await search.strays(await fresh(), 10)).toEqual([]);
    });

    test('three thousand documents and more than ten megabytes go in one call', async () => {
      const index = await fresh();
      const text = 'words '.repeat(700);
      const outcomes = await write(
        Array.from({ length: 3_000 }, (_, at) => put(index, `d${at}`, 1, { extra: { text } })),
      );
      expect(outcomes.every((outcome) => outcome.kind === 'done')).toBe(true);
      await search.refresh(index);
      expect(await search.count(index)).toBe(3_000);
    });

    test('racing writers of one id end at the highest revision', async () => {
      const index = await fresh();
      const revisions = Array.from({ length: 60 }, (_, at) => ((at * 17) % 60) + 1);
      await Promise.all(revisions.map((revision) => write([put(index, 'a', revision, { total: revision })])));
      expect(await get(index, 'a')).toEqual({ id: 'a', revision: 60, source: '{"id":"a","total":60}' });
    });

    test('it is healthy while the server answers', async () => {
      expect(await search.healthy()).toBe(true);
    });
  });
}
