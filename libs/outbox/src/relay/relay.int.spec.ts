import { eventually } from '#testing';
import { oldestOutboxRow } from '../oldest-row.js';
import { around, counting, event, useRelayBed } from '../testing/relay-bed.js';

const bed = useRelayBed();

describe('the relay', () => {
  it('publishes what is committed, once, and leaves the outbox empty', async () => {
    const metrics = counting();
    const events = Array.from({ length: 1_234 }, () => event());
    await bed.insert(events);
    bed.relay({ metrics });
    await bed.everythingArrives(events);
    await bed.outboxEmpties();
    expect(bed.arrived).toHaveLength(1_234);
    await eventually(() => expect(metrics.counts).toMatchObject({ relayed: 1_234, returned: 0, unknown: 0 }));
  });

  it('claims and sends the next full batch while the last one waits for its confirms', async () => {
    const second = Promise.withResolvers<void>();
    let batches = 0;
    const slow = around(bed.publisher, async (messages) => {
      batches += 1;
      if (batches === 2) second.resolve();
      if (batches === 1) await second.promise;
      return bed.publisher.publish(messages);
    });
    const events = Array.from({ length: 35 }, () => event());
    await bed.insert(events);
    bed.relay({ publisher: slow, batchSize: 10 });
    await bed.everythingArrives(events);
    await bed.outboxEmpties();
    expect(batches).toBe(4);
  });

  it('looks at once when it is woken, however long its poll is', async () => {
    const running = bed.relay({ pollMs: 3_600_000 });
    await bed.insert([event()]);
    running.wake();
    await bed.outboxEmpties();
    // By now its pauses are long, if nobody wakes it.
    await eventually(async () => {
      await bed.insert([event()]);
      running.wake();
      await eventually(async () => expect(await bed.rowCount()).toBe(0), { timeoutMs: 1_000 });
    });
  });

  it('does not skip what commits late, after many that began later', async () => {
    const running = bed.relay();
    const [late, early] = [event(), Array.from({ length: 50 }, () => event())];
    const client = await bed.pool.connect();
    await client.query('BEGIN');
    await bed.insert([late], client);
    await bed.insert(early);
    running.wake();
    await bed.everythingArrives(early);
    await client.query('COMMIT');
    client.release();
    await bed.everythingArrives([...early, late]);
    await bed.outboxEmpties();
  });

  it('loses nothing when two relays and many writers compete', async () => {
    bed.relay({ batchSize: 20 });
    bed.relay({ batchSize: 20, publisher: bed.connect() });
    const events = Array.from({ length: 2_000 }, () => event());
    for (let i = 0; i < events.length; i += 40) await bed.insert(events.slice(i, i + 40));
    await bed.everythingArrives(events);
    await bed.outboxEmpties();
    expect(bed.arrived).toHaveLength(2_000);
  });

  it('tells how long the oldest event has waited', async () => {
    expect(await oldestOutboxRow(bed.pool)).toBeNull();
    await bed.insert([event()]);
    await bed.pool.query(`UPDATE outbox SET created_at = now() - interval '90 seconds'`);
    expect(await oldestOutboxRow(bed.pool)).toBeCloseTo(90, 0);
  });
});
