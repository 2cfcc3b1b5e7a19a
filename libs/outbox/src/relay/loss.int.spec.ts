import type { Publisher } from '#messaging';
import { eventually } from '#testing';
import { listDeadLetters } from '../dead-letters.js';
import { around, event, idsOf, useRelayBed } from '../testing/relay-bed.js';

const bed = useRelayBed();

describe('when something is lost on the way', () => {
  it('sends again, with the same event id, what was confirmed but not committed', async () => {
    const events = Array.from({ length: 5 }, () => event());
    await bed.insert(events);
    let rounds = 0;
    const crashing = around(bed.publisher, async (messages) => {
      const outcomes = await bed.publisher.publish(messages);
      // The relay's own connection, as the server sees it: idle in its claim.
      if (++rounds === 1) {
        await bed.pool.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND state = 'idle in transaction'`,
        );
      }
      return outcomes;
    });
    bed.relay({ publisher: crashing });
    await bed.outboxEmpties();
    await eventually(() => expect(bed.arrived).toHaveLength(10));
    expect([...new Set(bed.arrived)].sort()).toEqual(idsOf(events));
  });

  it('rolls its claim back at the confirm deadline, and sends later', async () => {
    bed.publisher = bed.connect(300);
    await eventually(() => expect(bed.publisher.state).toBe('open'));
    const events = Array.from({ length: 20 }, () => event());
    bed.proxy.stall();
    await bed.insert(events);
    const running = bed.relay();
    await eventually(() => expect(running.state).not.toBe('running'));
    // No claim is open: all rows can be locked.
    await eventually(async () => {
      const free = await bed.pool.query('SELECT seq FROM outbox FOR UPDATE SKIP LOCKED');
      expect(free.rowCount).toBe(20);
    });
    bed.proxy.resume();
    await bed.everythingArrives(events);
    await bed.outboxEmpties();
    expect(await listDeadLetters(bed.pool)).toEqual([]);
  });

  it.each(['blocked', 'closed'] as const)(
    'claims nothing while the connection is %s, and goes on afterwards',
    async (state) => {
      let current: Publisher['state'] = state;
      let published = 0;
      const events = [event()];
      await bed.insert(events);
      const running = bed.relay({
        publisher: {
          get state() {
            return current;
          },
          publish: (messages) => {
            published += 1;
            return bed.publisher.publish(messages);
          },
          close: () => Promise.resolve(),
        },
      });
      running.wake();
      await eventually(() => expect(running.state).toBe('waiting'));
      const open = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'`;
      expect((await bed.pool.query(open)).rows).toEqual([]);
      expect(published).toBe(0);
      current = 'open';
      await bed.everythingArrives(events);
    },
  );

  it('ends within its deadline although the broker does not answer, and the rows are back', async () => {
    await bed.insert([event(), event()]);
    const publishing = Promise.withResolvers<void>();
    const stuck = around(bed.publisher, () => {
      publishing.resolve();
      return new Promise(() => {});
    });
    const running = bed.relay({ publisher: stuck });
    await publishing.promise;
    const started = performance.now();
    await running.close(50);
    expect(performance.now() - started).toBeLessThan(1_500);
    expect(running.state).toBe('closed');
    expect((await bed.pool.query('SELECT seq FROM outbox FOR UPDATE SKIP LOCKED')).rowCount).toBe(2);
  });

  it('lets the running batch end when it closes in time', async () => {
    const events = [event(), event()];
    await bed.insert(events);
    const [publishing, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = around(bed.publisher, async (messages) => {
      publishing.resolve();
      await goOn.promise;
      return bed.publisher.publish(messages);
    });
    const running = bed.relay({ publisher: slow });
    await publishing.promise;
    const closing = running.close(10_000);
    goOn.resolve();
    await closing;
    expect(await bed.rowCount()).toBe(0);
    await bed.everythingArrives(events);
  });

  it('comes back when the database was away', async () => {
    const running = bed.relay();
    await bed.pool.query('ALTER TABLE outbox RENAME TO outbox_away');
    await eventually(() => expect(running.state).toBe('failing'));
    await bed.pool.query('ALTER TABLE outbox_away RENAME TO outbox');
    const events = [event()];
    await bed.insert(events);
    await bed.everythingArrives(events);
    await eventually(() => expect(running.state).toBe('running'));
  });
});
