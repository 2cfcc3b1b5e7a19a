import { eventually } from '#testing';
import { discardDeadLetters, listDeadLetters, retryDeadLetters } from '../dead-letters.js';
import { claim, withTransaction } from './claim.js';
import { around, counting, event, idsOf, useRelayBed, type TestEvent } from '../testing/relay-bed.js';

const bed = useRelayBed();

describe('one message among a hundred that no queue takes', () => {
  const hundred = (): TestEvent[] =>
    Array.from({ length: 100 }, (_, i) => event(i === 42 ? { routingKey: 'nobody.listens' } : {}));

  it('is sent again and then goes to the dead letters, while the others arrive exactly once', async () => {
    const metrics = counting();
    const events = hundred();
    await bed.insert(events);
    bed.relay({ metrics });
    const deliverable = events.filter((_, i) => i !== 42);
    await bed.everythingArrives(deliverable);
    await bed.outboxEmpties();

    expect([...bed.arrived].sort()).toEqual(idsOf(deliverable));
    const dead = await listDeadLetters(bed.pool);
    expect(dead).toMatchObject([
      { eventId: events[42]!.id, attempts: 3, reason: expect.stringContaining('NO_ROUTE') as string },
    ]);
    await eventually(() =>
      expect(metrics.counts).toEqual({ relayed: 99, returned: 3, nacked: 0, unknown: 0, deadLettered: 1 }),
    );
  });

  it('would hold all others back and multiply them, if its batch rolled back', async () => {
    const events = hundred();
    await bed.insert(events);
    for (let round = 1; round <= 3; round += 1) {
      const batch = withTransaction(bed.pool, async (client) => {
        const rows = await claim(client, { kind: 'ordinary', limit: 500 });
        const outcomes = await bed.publisher.publish(
          rows.map((r) => ({ id: r.eventId, routingKey: r.routingKey, body: r.body })),
        );
        if (outcomes.some(({ kind }) => kind !== 'confirmed')) throw new Error('one was not confirmed');
      });
      await expect(batch).rejects.toThrow('one was not confirmed');
      await eventually(() => expect(bed.arrived).toHaveLength(99 * round));
      expect(await bed.rowCount()).toBe(100);
    }
  });

  it('can be retried from the dead letters once a queue takes it, or discarded', async () => {
    const [wanted, unwanted] = [
      event({ routingKey: 'nobody.listens' }),
      event({ routingKey: 'nobody.cares' }),
    ];
    await bed.insert([wanted, unwanted]);
    bed.relay();
    await eventually(async () => expect(await listDeadLetters(bed.pool)).toHaveLength(2));
    const [first, second] = await listDeadLetters(bed.pool);

    await bed.channel.bindQueue(bed.names.projectorQueue, bed.names.events, 'nobody.listens');
    expect(await retryDeadLetters(bed.pool, [first!.seq])).toBe(1);
    await bed.everythingArrives([wanted]);
    expect(await discardDeadLetters(bed.pool, [second!.seq])).toBe(1);
    expect(await discardDeadLetters(bed.pool, 'all')).toBe(0);
    expect(await listDeadLetters(bed.pool)).toEqual([]);
  });
});

describe('a message that closes the channel', () => {
  it('is found by halves, sent alone and goes to the dead letters, while all others arrive', async () => {
    const metrics = counting();
    bed.proxy.cutWhenClientSends('POISON');
    const events = Array.from({ length: 300 }, (_, i) => event(i === 217 ? { body: '"POISON"' } : {}));
    await bed.insert(events);
    bed.relay({ metrics });
    await bed.everythingArrives(events.filter((_, i) => i !== 217));

    // Only while others are confirmed may a message without outcome be to blame.
    await eventually(async () => {
      await bed.insert([event()]);
      expect(await listDeadLetters(bed.pool)).toMatchObject([
        { eventId: events[217]!.id, reason: expect.stringContaining('unknown') as string },
      ]);
    });
    await bed.outboxEmpties();
    expect(bed.arrived).not.toContain(events[217]!.id);
    // Each halving sends at most what is left of the suspected half a second time.
    expect(bed.arrived.filter((id) => events.some((e) => e.id === id)).length).toBeLessThan(2 * 299 + 1);
  });

  it('is not blamed on a single message of the next batch, which was on its way with it', async () => {
    bed.proxy.cutWhenClientSends('POISON');
    const both = Promise.withResolvers<void>();
    let batches = 0;
    const together = around(bed.publisher, async (messages) => {
      batches += 1;
      if (batches === 3) both.resolve();
      if (batches > 1) await both.promise;
      return bed.publisher.publish(messages);
    });
    // One attempt, and a broker that works: whoever is blamed once is given up.
    bed.relay({ publisher: together, batchSize: 10, maxAttempts: 1 });
    const first = event();
    await bed.insert([first]);
    await bed.everythingArrives([first]);

    const events = Array.from({ length: 11 }, (_, i) => event(i === 3 ? { body: '"POISON"' } : {}));
    await bed.insert(events);
    await bed.everythingArrives([first, ...events.filter((_, i) => i !== 3)]);
    await eventually(async () => {
      await bed.insert([event()]);
      expect(await listDeadLetters(bed.pool)).toMatchObject([{ eventId: events[3]!.id }]);
    });
  });

  it('is not given up while nothing else is confirmed: it may be the network', async () => {
    bed.proxy.cutWhenClientSends('POISON');
    await bed.insert([event({ body: '"POISON"' })]);
    bed.relay();
    await eventually(async () => {
      const { rows } = await bed.pool.query<{ attempts: number }>('SELECT attempts FROM outbox');
      expect(rows[0]?.attempts).toBeGreaterThan(4);
    });
    expect(await listDeadLetters(bed.pool)).toEqual([]);
  });

  it('because the exchange was deleted delays all, and loses none', async () => {
    await bed.channel.deleteExchange(bed.names.events);
    const events = Array.from({ length: 200 }, () => event());
    await bed.insert(events);
    bed.relay();
    await bed.everythingArrives(events);
    await bed.outboxEmpties();
    expect(await listDeadLetters(bed.pool)).toEqual([]);
  });
});
