import { jest } from '@jest/globals';
import { DeliveryBuffer } from './delivery-buffer.js';

const never = new AbortController().signal;
const limits = { prefetch: 100, maxBatch: 3, maxBatchBytes: 1_000, maxAgeMs: 60_000 };

describe('the buffer of deliveries', () => {
  it('gives a batch as soon as it is full by count', async () => {
    const buffer = new DeliveryBuffer<number>(limits);
    const batch = buffer.nextBatch(never);
    for (const item of [1, 2, 3, 4]) buffer.push(item, 1);
    expect(await batch).toEqual([1, 2, 3]);
  });

  it('gives a batch as soon as it is full by bytes, and no more than fit', async () => {
    const buffer = new DeliveryBuffer<number>(limits);
    buffer.push(1, 600);
    buffer.push(2, 600);
    expect(await buffer.nextBatch(never)).toEqual([1]);
    buffer.push(3, 400);
    expect(await buffer.nextBatch(never)).toEqual([2, 3]);
  });

  it('gives a delivery that is too large for any batch alone', async () => {
    const buffer = new DeliveryBuffer<number>(limits);
    buffer.push(1, 5_000);
    expect(await buffer.nextBatch(never)).toEqual([1]);
  });

  it('does not wait for more than the broker will send', async () => {
    const buffer = new DeliveryBuffer<number>({ ...limits, prefetch: 2 });
    buffer.push(1, 1);
    buffer.push(2, 1);
    expect(await buffer.nextBatch(never)).toEqual([1, 2]);
  });

  it('without an age to wait for, gives at once all that came together', async () => {
    const buffer = new DeliveryBuffer<number>({ ...limits, maxAgeMs: 0 });
    const batch = buffer.nextBatch(never);
    for (const item of [1, 2]) buffer.push(item, 1);
    expect(await batch).toEqual([1, 2]);
  });

  it('gives batches of another size as soon as it is told', async () => {
    const buffer = new DeliveryBuffer<number>(limits);
    const batch = buffer.nextBatch(never);
    for (const item of [1, 2]) buffer.push(item, 1);
    buffer.resize({ prefetch: 100, maxBatch: 1 });
    expect(await batch).toEqual([1]);
    expect(buffer.length).toBe(1);
  });

  it('gives what there is when the first has waited long enough', async () => {
    const buffer = new DeliveryBuffer<number>({ ...limits, maxAgeMs: 5 });
    buffer.push(1, 1);
    expect(await buffer.nextBatch(never)).toEqual([1]);
  });

  it('lets nothing wait that comes long after the last batch, and what comes soon after it wait for company', async () => {
    const now = jest.spyOn(performance, 'now');
    now.mockReturnValue(0);
    const buffer = new DeliveryBuffer<number>(limits);
    now.mockReturnValue(limits.maxAgeMs);
    buffer.push(1, 1);
    expect(await buffer.nextBatch(never)).toEqual([1]);
    now.mockReturnValue(limits.maxAgeMs + 1);
    const batch = buffer.nextBatch(never);
    for (const item of [2, 3, 4]) {
      buffer.push(item, 1);
      await Promise.resolve();
    }
    expect(await batch).toEqual([2, 3, 4]);
    now.mockRestore();
  });

  it('ends its wait with an empty batch when it is stopped', async () => {
    const stop = new AbortController();
    const batch = new DeliveryBuffer<number>(limits).nextBatch(stop.signal);
    stop.abort();
    expect(await batch).toEqual([]);
  });
});
