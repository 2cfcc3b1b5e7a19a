import { describe, expect, it } from '@jest/globals';
import { newId } from '#kernel';
import type { Envelope } from '#messaging';
import { eventually } from '#testing';
import { items, useResyncBed, writeItem } from '../testing/resync-bed.js';
import { inTransaction } from '../transaction.js';
import { eventName } from './published-source.js';

const bed = useResyncBed();

const idsOf = (events: readonly Envelope[]): readonly string[] =>
  events.map(({ aggregateId }) => aggregateId).sort();

/** The newest event of each aggregate, as copies keep it. */
function newest(events: readonly Envelope[]): ReadonlyMap<string, Envelope> {
  const found = new Map<string, Envelope>();
  for (const event of events) {
    const known = found.get(event.aggregateId);
    const order = known === undefined ? 1 : event.epoch - known.epoch || event.version - known.version;
    if (order > 0) found.set(event.aggregateId, event);
  }
  return found;
}

async function storedItems(): Promise<readonly { id: string; version: number; note: string }[]> {
  const { rows } = await bed.pool.query<{ id: string; version: number; note: string }>(
    'SELECT id, version, note FROM item JOIN item_note USING (id) ORDER BY id',
  );
  return rows;
}

describe('publishing a source again', () => {
  it('appends every aggregate at its current version, under a name of its own, and tells how far it is', async () => {
    await bed.fill(5);
    await bed.write('i002');
    await bed.pool.query(`UPDATE item SET deleted = true WHERE id = 'i004'`);
    await bed.drain();
    await bed.start('one', { limits: { rows: 2 } });

    const sent: Envelope[] = [];
    const run = await bed.send({ kind: 'resync' });
    const answers = await bed.untilEnded(sent);

    const progress = answers.map((answer) => (answer.kind === 'progress' ? answer.done : answer));
    expect(progress).toEqual([0, 2, 4, 5, 5]);
    expect(answers.at(-1)).toMatchObject({ source: 'item', run, state: 'done', total: 5, epoch: 0 });
    expect(
      sent.map(({ aggregateId, version, deleted, data }) => [aggregateId, version, deleted, data]),
    ).toEqual([
      ['i000', 1, false, { id: 'i000', note: 'note 1' }],
      ['i001', 1, false, { id: 'i001', note: 'note 1' }],
      ['i002', 2, false, { id: 'i002', note: 'note 2' }],
      ['i003', 1, false, { id: 'i003', note: 'note 1' }],
      ['i004', 1, true, null],
    ]);
    expect(new Set(sent.map(({ name }) => name))).toEqual(new Set(['ItemPublishedAgain']));
  });

  it('holds pages to a number of bytes, of which a larger aggregate takes one alone', async () => {
    await bed.fill(3);
    await bed.start('one', { limits: { bytes: 1 } });
    await bed.send({ kind: 'resync' });
    const answers = await bed.untilEnded();
    expect(answers.map((answer) => (answer.kind === 'progress' ? answer.done : answer))).toEqual([
      0, 1, 2, 3, 3,
    ]);
  });

  it('is done only when the broker has it: what is in the outbox is on its way', async () => {
    await bed.fill(1);
    await bed.start('one');
    await bed.ask({ kind: 'resync' });
    expect(await bed.answer()).toMatchObject({ done: 1, state: 'running' });
    expect(await bed.requester.next(400, new AbortController().signal)).toBeNull();
    await bed.drain();
    expect(await bed.answer()).toMatchObject({ done: 1, state: 'done' });
  });

  it('waits while the outbox is fuller than it may be, so that ordinary events are not held up', async () => {
    await bed.fill(10);
    for (const id of ['a', 'b', 'c']) await bed.write(id);
    await bed.start('one', { limits: { rows: 4, outboxRows: 2 } });
    await bed.ask({ kind: 'resync' });
    // Several looks at a full outbox.
    expect(await bed.requester.next(400, new AbortController().signal)).toBeNull();
    expect(idsOf(await bed.drain())).toEqual(['a', 'b', 'c']);
    await bed.answer();
    expect(await bed.drain()).toHaveLength(4);
  });

  it('goes on with the next page when its process was killed, and publishes each aggregate once', async () => {
    await bed.fill(9);
    const first = await bed.start('first', { limits: { rows: 4, outboxRows: 0 } });
    await bed.ask({ kind: 'resync' });
    await bed.answer();
    await bed.killConnections('first');
    await first.close();
    const sent = await bed.drain();
    expect(sent).toHaveLength(4);

    await bed.start('second', { limits: { rows: 4 } });
    await bed.untilEnded(sent);
    expect(idsOf(sent)).toEqual((await storedItems()).map(({ id }) => id));
  });

  it('leaves nothing of a page that was cut, and another process takes it over', async () => {
    await bed.fill(3);
    const reached = Promise.withResolvers<void>();
    const hanging: typeof items = {
      ...items,
      lockPage: async (tx, after, limit) => {
        const page = await items.lockPage(tx, after, limit);
        reached.resolve();
        await tx.query('SELECT pg_sleep(60)');
        return page;
      },
    };
    const hung = await bed.start('hung', { sources: [hanging] });
    await bed.ask({ kind: 'resync' });
    await reached.promise;
    await bed.start('other');
    expect(await bed.drain()).toEqual([]);
    const closed = hung.close();
    await bed.killConnections('hung');
    const sent: Envelope[] = [];
    await bed.untilEnded(sent);
    await closed;
    expect(idsOf(sent)).toEqual(['i000', 'i001', 'i002']);
  });

  it('is done once by several processes together', async () => {
    await bed.fill(60);
    for (const name of ['one', 'two', 'three']) await bed.start(name, { limits: { rows: 3 }, pollMs: 1 });
    const sent: Envelope[] = [];
    await bed.send({ kind: 'resync' });
    await bed.untilEnded(sent);
    expect(idsOf(sent)).toEqual((await storedItems()).map(({ id }) => id));
  });

  it('is joined by whoever asks meanwhile, and begun again by who asks afterwards', async () => {
    await bed.fill(2);
    await bed.start('one', { limits: { rows: 1, outboxRows: 0 } });
    const first = await bed.send({ kind: 'resync' });
    expect(await bed.answer()).toMatchObject({ run: first, done: 0 });
    expect(await bed.answer()).toMatchObject({ run: first, done: 1 });
    await bed.send({ kind: 'resync' });
    expect(await bed.answer()).toMatchObject({ run: first, done: 1, state: 'running' });
    await bed.untilEnded();

    expect(await bed.ask({ kind: 'resync', id: first })).toMatchObject({ run: first, state: 'done' });
    const later = await bed.send({ kind: 'resync' });
    expect(await bed.answer()).toMatchObject({ run: later, done: 0, state: 'running' });
    await bed.untilEnded();
  });

  it('tells an aggregate that can not be published, and goes on from there when it is asked again', async () => {
    await bed.fill(3);
    await bed.pool.query(`UPDATE item_note SET note = 'refused' WHERE id = 'i001'`);
    await bed.start('one', { limits: { rows: 1 } });
    const sent: Envelope[] = [];
    await bed.send({ kind: 'resync' });
    expect((await bed.untilEnded(sent)).at(-1)).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/After 1 of 3: ItemPublishedAgain of item\/i001 .* note is refused/),
    });
    await bed.pool.query(`UPDATE item_note SET note = 'good' WHERE id = 'i001'`);
    await bed.send({ kind: 'resync' });
    await bed.untilEnded(sent);
    expect(idsOf(sent)).toEqual(['i000', 'i001', 'i002']);
  });

  it('publishes states of one version each while writers go on, and ends with the newest of all', async () => {
    await bed.fill(40);
    await bed.start('one', { limits: { rows: 3 } });
    const sent: Envelope[] = [];
    const stop = new AbortController();
    const writer = async (at: number): Promise<void> => {
      for (let turn = at; !stop.signal.aborted; turn += 7)
        await bed.write(`i${String(turn % 50).padStart(3, '0')}`);
    };
    const writers = [1, 2, 3].map(writer);
    await bed.send({ kind: 'resync' });
    await bed.untilEnded(sent);
    stop.abort();
    await Promise.all(writers);
    sent.push(...(await bed.drain()));

    // Written by hand of the rule: version n says "note n", whoever published it.
    const torn = sent.filter(({ version, data }) => (data as { note: string }).note !== `note ${version}`);
    expect(torn).toEqual([]);
    const copies = [...newest(sent).values()].map(({ aggregateId: id, version, data }) => ({
      id,
      version,
      note: (data as { note: string }).note,
    }));
    expect(copies.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(await storedItems());
  });
});

describe('raising the epoch', () => {
  it('publishes everything under one above what it is told, and only once for one request', async () => {
    await bed.fill(3);
    await bed.start('one');
    const sent: Envelope[] = [];
    const id = await bed.send({ kind: 'resync', raiseEpochAbove: 4 });
    await bed.untilEnded(sent);
    expect(sent.map(({ epoch }) => epoch)).toEqual([5, 5, 5]);
    expect(await bed.ask({ kind: 'resync', id, raiseEpochAbove: 4 })).toMatchObject({
      epoch: 5,
      state: 'done',
    });
  });

  it('begins again what was under way, and tells those who listened', async () => {
    await bed.fill(3);
    await bed.start('one', { limits: { rows: 2, outboxRows: 0 } });
    await bed.ask({ kind: 'resync' });
    expect(await bed.answer()).toMatchObject({ done: 2, epoch: 0 });
    await bed.send({ kind: 'resync', raiseEpochAbove: 0 });
    const sent: Envelope[] = [];
    expect((await bed.untilEnded(sent)).at(-1)).toMatchObject({ done: 3, epoch: 1 });
    expect(idsOf(sent.filter(({ epoch }) => epoch === 1))).toEqual(['i000', 'i001', 'i002']);
  });

  it('misses no row that a transaction inserted under the old epoch and commits later', async () => {
    await bed.fill(2);
    await bed.start('one');
    const inserted = Promise.withResolvers<void>();
    const commit = Promise.withResolvers<void>();
    const slow = inTransaction(bed.dataSource, async (tx) => {
      await writeItem(tx, 'slow');
      inserted.resolve();
      await commit.promise;
    });
    await inserted.promise;
    const sent: Envelope[] = [];
    await bed.send({ kind: 'resync', raiseEpochAbove: 0 });
    // Longer than it waits for the lock at once, and so more than one attempt.
    await eventually(async () => {
      const { rows } = await bed.pool.query(
        `SELECT FROM pg_locks WHERE NOT granted AND relation = 'source_epoch'::regclass`,
      );
      expect(rows).toHaveLength(1);
    });
    expect(await bed.requester.next(1_500, new AbortController().signal)).toBeNull();
    commit.resolve();
    await slow;
    await bed.untilEnded(sent);
    expect([...newest(sent).values()].map(({ aggregateId, epoch }) => [aggregateId, epoch]).sort()).toEqual([
      ['i000', 1],
      ['i001', 1],
      ['slow', 1],
    ]);
  });

  it('reaches every row while writers change and add rows', async () => {
    await bed.fill(30);
    await bed.start('one', { limits: { rows: 4 } });
    const stop = new AbortController();
    const writer = async (at: number): Promise<void> => {
      for (let turn = 0; !stop.signal.aborted; turn += 1)
        // The new rows are a few, changed again and again: added without end, they would outrun the pages.
        await bed.write(
          turn % 3 === 0 ? `n${at}-${turn % 150}` : `i${String((turn * at) % 30).padStart(3, '0')}`,
        );
    };
    const writers = [7, 11, 13].map(writer);
    const sent: Envelope[] = [];
    for (const above of [0, 1]) {
      await bed.send({ kind: 'resync', raiseEpochAbove: above });
      await bed.untilEnded(sent);
    }
    stop.abort();
    await Promise.all(writers);
    sent.push(...(await bed.drain()));
    const copies = newest(sent);
    const stored = await storedItems();
    expect(stored.map(({ id }) => copies.get(id)?.version)).toEqual(stored.map(({ version }) => version));
    expect(stored.filter(({ id }) => copies.get(id)?.epoch !== 2)).toEqual([]);
  });
});

describe('asking which copies are gone', () => {
  const copy = (id: string, version = 1, epoch = 0) => ({ id, epoch, version });

  it('publishes the deletion of those that have no row, one version above the copy', async () => {
    await bed.fill(2);
    await bed.start('one');
    const aggregates = [copy('i000'), copy('lost', 4), copy('SKU-00 17/ä')];
    const request = await bed.send({ kind: 'whichAreGone', aggregates });
    expect(await bed.answer()).toEqual({
      v: 1,
      kind: 'gone',
      source: 'item',
      request,
      ids: ['lost', 'SKU-00 17/ä'],
      ahead: [],
    });
    expect(await bed.drain()).toMatchObject([
      { name: 'ItemFoundGone', aggregateId: 'lost', epoch: 0, version: 5, deleted: true, data: null },
      { name: 'ItemFoundGone', aggregateId: 'SKU-00 17/ä', epoch: 0, version: 2, deleted: true },
    ]);
  });

  it('never deletes an id that is taken again under a higher epoch', async () => {
    await bed.start('one');
    await bed.ask({ kind: 'resync', raiseEpochAbove: 0 });
    await bed.untilEnded();
    // The restore lost it; the caller repeats what it had sent, while the service is asked.
    await bed.ask({ kind: 'whichAreGone', aggregates: [copy('again', 9)] });
    await bed.write('again');
    expect(newest(await bed.drain()).get('again')).toMatchObject({ epoch: 1, version: 1, deleted: false });
  });

  it('tells copies that are ahead of their rows, as they are after a restore', async () => {
    await bed.fill(2);
    await bed.start('one');
    const answer = await bed.ask({ kind: 'whichAreGone', aggregates: [copy('i000', 3), copy('i001', 1)] });
    expect(answer).toMatchObject({ ids: [], ahead: ['i000'] });
  });

  it('is refused for copies of a higher epoch, with the command that helps', async () => {
    await bed.start('one');
    expect(await bed.ask({ kind: 'whichAreGone', aggregates: [copy('a', 1, 3)] })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('have epoch 3'),
      remedy: expect.stringContaining('npx prejoin resync item --raise-epoch'),
    });
    expect(await bed.drain()).toEqual([]);
  });
});

describe('a request', () => {
  it('that nobody understands is answered with the reason, and the next one is served', async () => {
    await bed.start('one');
    await bed.requester.send('items', { ...resync(), id: 'no uuid' });
    expect(await bed.answer()).toMatchObject({ kind: 'refused', reason: expect.stringContaining('"id"') });
    expect(await bed.ask({ kind: 'resync' })).toMatchObject({ kind: 'progress' });
    await bed.untilEnded();
  });

  it('for a source of another service is refused, and says what there is', async () => {
    await bed.start('one');
    expect(await bed.ask({ kind: 'resync', source: 'order' })).toMatchObject({
      kind: 'refused',
      remedy: expect.stringContaining('publishes: item'),
    });
  });

  it('to a service that never ran fails at once, and says what to look at', async () => {
    const sending = bed.requester.send('nobody', resync());
    await expect(sending).rejects.toMatchObject({
      code: 'service_not_there',
      remedy: expect.stringContaining('BUS_PREFIX'),
    });
  });
});

const resync = () =>
  ({
    kind: 'resync',
    id: newId(),
    source: 'item',
    replyTo: bed.requester.replyTo,
    raiseEpochAbove: null,
  }) as const;

describe('the name of an event that no command caused', () => {
  it('is made of the source', () => {
    expect(eventName('item', 'FoundGone')).toBe('ItemFoundGone');
    expect(eventName('order-line', 'PublishedAgain')).toBe('OrderLinePublishedAgain');
  });
});
