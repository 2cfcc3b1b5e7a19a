import { afterOutcomes, afterUnknown, eitherOf, fullBatch, rowsWithin } from './batch-limit.js';

describe('the size of the next batch', () => {
  it('halves after a batch without outcomes, and is full again when its last row has been passed', () => {
    const suspecting = afterUnknown(500, 700);
    expect(suspecting).toEqual({ limit: 250, suspectUpTo: 700 });
    expect(afterOutcomes(suspecting, 650, 500)).toBe(suspecting);
    expect(afterOutcomes(suspecting, 700, 500)).toEqual(fullBatch(500));
  });

  it('suspects all rows of two batches that ended without outcomes together, and is no smaller than for one', () => {
    const either = eitherOf(afterUnknown(500, 500), afterUnknown(1, 501));
    expect(either).toEqual({ limit: 250, suspectUpTo: 501 });
    expect(eitherOf(afterUnknown(1, 501), afterUnknown(500, 500))).toEqual(either);
  });

  it('is as many rows as have so many bytes when they are as long as the last, and at least one', () => {
    const rows = [100, 300].map((length) => ({ body: Buffer.alloc(length) }));
    expect(rowsWithin(1_000, 500, rows)).toBe(5);
    expect(rowsWithin(1_000, 3, rows)).toBe(3);
    expect(rowsWithin(100, 500, rows)).toBe(1);
    expect(rowsWithin(1_000, 500, [{ body: Buffer.alloc(0) }])).toBe(500);
  });
});
