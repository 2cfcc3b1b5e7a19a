import type { ConsumeOptions, ConsumerSize } from '../bus.js';

export type BatchLimits = Pick<ConsumeOptions, 'prefetch' | 'maxBatch' | 'maxBatchBytes' | 'maxAgeMs'>;

interface Held<T> {
  readonly item: T;
  readonly bytes: number;
  readonly arrivedAt: number;
}

/**
 * Deliveries that wait for a batch. A batch is due when it is full by count or bytes, which is also when the broker will
 * send no more because `prefetch` is used up, and otherwise `maxAgeMs` after the one before it: what comes after a pause
 * waits for no company, and a steady flow makes no batch for each delivery. The broker's prefetch bounds what is held.
 */
export class DeliveryBuffer<T> {
  readonly #held: Held<T>[] = [];
  #heldBytes = 0;
  #takenAt = performance.now();
  #wake: () => void = () => {};
  #fullCount: number;

  constructor(private readonly limits: BatchLimits) {
    this.#fullCount = fullCountOf(limits);
  }

  get length(): number {
    return this.#held.length;
  }

  /** Gives batches of another size from now on. */
  resize(size: ConsumerSize): void {
    this.#fullCount = fullCountOf(size);
    this.#wake();
  }

  push(item: T, bytes: number): void {
    this.#held.push({ item, bytes, arrivedAt: performance.now() });
    this.#heldBytes += bytes;
    this.#wake();
  }

  /** The next batch when it is due; an empty one when `stop` aborts. */
  async nextBatch(stop: AbortSignal): Promise<readonly T[]> {
    while (!stop.aborted) {
      const waitMs = this.#untilDue();
      if (waitMs <= 0) return this.#take();
      await this.#changeWithin(waitMs, stop);
    }
    return [];
  }

  #untilDue(): number {
    const first = this.#held[0];
    if (first === undefined) return Infinity;
    if (this.#held.length >= this.#fullCount || this.#heldBytes >= this.limits.maxBatchBytes) return 0;
    return Math.min(first.arrivedAt, this.#takenAt) + this.limits.maxAgeMs - performance.now();
  }

  /** At least one delivery, however large; then as many as fit. */
  #take(): readonly T[] {
    let bytes = 0;
    let count = 0;
    for (const held of this.#held) {
      if (count > 0 && (count >= this.#fullCount || bytes + held.bytes > this.limits.maxBatchBytes)) break;
      bytes += held.bytes;
      count += 1;
    }
    this.#heldBytes -= bytes;
    this.#takenAt = performance.now();
    return this.#held.splice(0, count).map(({ item }) => item);
  }

  async #changeWithin(ms: number, stop: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = (): void => resolve();
    const timer = ms === Infinity ? undefined : setTimeout(wake, ms);
    stop.addEventListener('abort', wake);
    this.#wake = wake;
    await promise;
    this.#wake = () => {};
    stop.removeEventListener('abort', wake);
    clearTimeout(timer);
  }
}

function fullCountOf({ maxBatch, prefetch }: ConsumerSize): number {
  return Math.min(maxBatch, prefetch);
}
