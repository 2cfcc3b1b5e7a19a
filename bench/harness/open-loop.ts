import { quantile } from '../appearance.js';

/** Sends one request and resolves when its whole answer is there; rejects unless it is right. */
export type Ask = (n: number) => Promise<unknown>;

export interface OpenLoop {
  /** Requests a second, evenly spaced. */
  readonly rate: number;
  readonly count: number;
  readonly ask: Ask;
}

/** A timer of Node is late by up to so many milliseconds. */
const TIMER_MS = 2;

/**
 * Sends requests when they are due, however many are unanswered, and counts each from when it was due: a server that
 * stands still is not asked less. What a timer of this process is late by is not the server's doing and not counted.
 * @returns milliseconds of each request
 */
export async function openLoop({ rate, count, ask }: OpenLoop): Promise<readonly number[]> {
  const times = new Array<number>(count).fill(NaN);
  const beganAt = performance.now() + 5;
  const askAt = async (n: number, dueAt: number): Promise<void> => {
    const now = performance.now();
    const from = now - dueAt < TIMER_MS ? now : dueAt;
    await ask(n);
    times[n] = performance.now() - from;
  };
  await new Promise<void>((resolve, reject) => {
    const asked: Promise<void>[] = [];
    let failed = false;
    const fail = (error: Error): void => {
      failed = true;
      reject(error);
    };
    const sendDue = (): void => {
      while (asked.length < count && !failed) {
        const dueAt = beganAt + (asked.length * 1_000) / rate;
        const waitMs = dueAt - performance.now();
        if (waitMs > 0) return void setTimeout(sendDue, waitMs);
        const one = askAt(asked.length, dueAt);
        // Here too, since nobody waits for all of them before the last is sent.
        one.catch(fail);
        asked.push(one);
      }
      Promise.all(asked).then(() => resolve(), reject);
    };
    sendDue();
  });
  return times;
}

/** Answers a second with so many requests always under way. */
export async function closedLoop(inFlight: number, milliseconds: number, ask: Ask): Promise<number> {
  const beganAt = performance.now();
  let answered = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() - beganAt < milliseconds) {
      await ask(next++);
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return answered / ((performance.now() - beganAt) / 1_000);
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export function latencyOf(times: readonly number[]): Latency {
  return { p50: quantile(times, 0.5), p99: p99(times) };
}

export const p99 = (times: readonly number[]): number => quantile(times, 0.99);
