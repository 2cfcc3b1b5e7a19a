import { afterOutcomes, afterUnknown, eitherOf, fullBatch, isFull } from './batch-limit.js';

describe('the size of the next batch', () => {
  it('halves after a batch without outcomes, and is full again when its last row has been passed', () => {
    const suspecting = afterUnknown(500, 700);
    expect(suspecting).toEqual({ limit: 250, suspectUpTo: 700 });
    expect(isFull(suspecting, 500)).toBe(false);
    expect(afterOutcomes(suspecting, 650, 500)).toBe(suspecting);
    expect(isFull(afterOutcomes(suspecting, 700, 500), 500)).toBe(true);
  });

  it('suspects all rows of two batches that ended without outcomes together, and is no smaller than for one', () => {
    const either = eitherOf(afterUnknown(500, 500), afterUnknown(1, 501));
    expect(either).toEqual({ limit: 250, suspectUpTo: 501 });
    expect(eitherOf(afterUnknown(1, 501), afterUnknown(500, 500))).toEqual(either);
  });

  it('is full at first', () => {
    expect(isFull(fullBatch(500), 500)).toBe(true);
  });
});
