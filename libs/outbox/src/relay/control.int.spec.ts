import { describe, expect, it } from '@jest/globals';
import { eventually } from '#testing';
import { around, event, useRelayBed } from '../testing/relay-bed.js';
import { claim, withTransaction } from './claim.js';
import { pauseRelay, readRelayControl, resumeRelay } from './control.js';

const bed = useRelayBed();

interface ProcessRow {
  readonly state: string;
  readonly age: number;
}

async function processes(): Promise<readonly ProcessRow[]> {
  const { rows } = await bed.pool.query<ProcessRow>(
    `SELECT state, extract(epoch FROM clock_timestamp() - seen_at)::float8 AS age FROM relay_process`,
  );
  return rows;
}

describe('a paused relay', () => {
  it('claims nothing from the moment that pauseRelay resolves, says that it is paused, and goes on when resumed', async () => {
    const relay = bed.relay({ beatMs: 20 });
    const before = [event(), event()];
    await bed.insert(before);
    await bed.everythingArrives(before);

    const pause = await pauseRelay(bed.pool, 'ann');
    expect(pause).toEqual({ since: expect.any(Date), by: 'ann' });
    const during = [event(), event(), event()];
    await bed.insert(during);
    relay.wake();
    await eventually(() => expect(relay.state).toBe('paused'));
    await eventually(async () => expect(await processes()).toMatchObject([{ state: 'paused' }]));
    expect([await bed.rowCount(), bed.arrived.length]).toEqual([3, 2]);

    expect(await resumeRelay(bed.pool)).toEqual(pause);
    await bed.everythingArrives([...before, ...during]);
    await eventually(() => expect(relay.state).toBe('running'));
  });

  it('is kept by the claim itself, of rows in good standing and of suspects', async () => {
    await bed.insert([event(), event()]);
    await bed.pool.query('UPDATE outbox SET suspect = true WHERE seq = (SELECT min(seq) FROM outbox)');
    await pauseRelay(bed.pool, 'ann');
    const claimBoth = () =>
      withTransaction(bed.pool, async (client) => [
        ...(await claim(client, { kind: 'ordinary', limit: 10 })),
        ...(await claim(client, { kind: 'one suspect' })),
      ]);
    expect(await claimBoth()).toEqual([]);
    await resumeRelay(bed.pool);
    expect(await claimBoth()).toHaveLength(2);
  });

  it('was paused by the first who did it, and resuming what is not paused is no fault', async () => {
    expect(await readRelayControl(bed.pool)).toBeNull();
    const first = await pauseRelay(bed.pool, 'ann');
    expect(await pauseRelay(bed.pool, 'bob')).toEqual(first);
    expect(await readRelayControl(bed.pool)).toEqual(first);
    expect(await resumeRelay(bed.pool)).toEqual(first);
    expect(await resumeRelay(bed.pool)).toBeNull();
  });
});

describe('what a relay writes of itself', () => {
  it('is renewed while it runs, gone when it is closed, and removed a day after a crash', async () => {
    await bed.pool.query(
      `INSERT INTO relay_process (process, host, pid, state, seen_at) VALUES
         ('yesterday', 'h', 1, 'running', now() - interval '25 hours'),
         ('an hour ago', 'h', 2, 'running', now() - interval '1 hour')`,
    );
    const relay = bed.relay({ beatMs: 20 });
    await eventually(async () => expect((await processes()).filter(({ age }) => age < 5)).toHaveLength(1));
    await bed.pool.query(`UPDATE relay_process SET seen_at = now() - interval '10 minutes'`);
    await eventually(async () => expect((await processes()).filter(({ age }) => age < 5)).toHaveLength(1));
    await relay.close();
    expect(await processes()).toMatchObject([{ state: 'running' }]);
  });

  it('holds up no event while its row is locked, and is written again afterwards', async () => {
    const inner = bed.publisher;
    const published: number[] = [];
    const publisher = around(inner, async (messages) => {
      published.push(messages.length);
      return inner.publish(messages);
    });
    bed.relay({ beatMs: 10, publisher });
    await eventually(async () => expect(await processes()).toHaveLength(1));
    const holder = await bed.pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('LOCK TABLE relay_process IN ACCESS EXCLUSIVE MODE');
      const blocked = async () => {
        const { rows } = await bed.pool.query(
          `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
        );
        expect(rows).toHaveLength(1);
      };
      await eventually(blocked);
      const sent: ReturnType<typeof event>[] = [];
      // Each goes out while a beat waits for the lock, or has just given up.
      for (let i = 0; i < 5; i += 1) {
        sent.push(event());
        await bed.insert(sent.slice(-1));
        await bed.everythingArrives(sent);
      }
      await eventually(blocked);
    } finally {
      await holder.query('ROLLBACK');
      holder.release();
    }
    await bed.pool.query(`UPDATE relay_process SET seen_at = now() - interval '10 minutes'`);
    await eventually(async () => expect((await processes())[0]!.age).toBeLessThan(5));
    expect(published.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(5);
  });
});
