import { claim, withTransaction } from './claim.js';
import { event, useRelayBed } from '../testing/relay-bed.js';

const bed = useRelayBed();

describe('a claim', () => {
  it('never takes more than it asked for, however many compete', async () => {
    await bed.insert(Array.from({ length: 300 }, () => event()));
    const taken: number[][] = [];
    await Promise.all(
      Array.from({ length: 4 }, async () => {
        for (let i = 0; i < 20; i += 1) {
          const rows = await withTransaction(bed.pool, (client) =>
            claim(client, { kind: 'ordinary', limit: 3 }),
          );
          taken.push(rows.map(({ seq }) => seq));
        }
      }),
    );
    expect(Math.max(...taken.map((seqs) => seqs.length))).toBe(3);
    expect(new Set(taken.flat()).size).toBe(240);
    expect(await bed.rowCount()).toBe(60);
  });

  it('takes more than it asked for if it is written with IN, where the planner runs the sub-select again', async () => {
    await bed.insert(Array.from({ length: 100 }, () => event()));
    const deleted = await withTransaction(bed.pool, async (client) => {
      // The plan that statistics of another day may choose: a nested loop whose inner side is the claim.
      await client.query(
        'SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off; SET LOCAL enable_hashagg = off; SET LOCAL enable_sort = off',
      );
      const broken = `DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE due_at <= now() AND NOT suspect LIMIT 3 FOR UPDATE SKIP LOCKED) RETURNING seq`;
      return (await client.query(broken)).rowCount;
    });
    expect(deleted).toBeGreaterThan(3);
  });
});
