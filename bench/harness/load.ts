import { sleep } from '#kernel';
import { quantile } from '../appearance.js';

/** Sends one request and resolves when its whole answer is there; rejects unless it is right. */
export type Ask = (nth: number) => Promise<unknown>;

/** So many at once, each followed by the next: how many a second are answered at most. */
export async function peakRate(ask: Ask, lanes: number, seconds: number): Promise<number> {
  const begun = performance.now();
  let sent = 0;
  const lane = async (): Promise<void> => {
    while (performance.now() - begun < seconds * 1_000) await ask((sent += 1));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return sent / ((performance.now() - begun) / 1_000);
}

/** A timer of Node is late by up to so many milliseconds, which is not the doing of what is measured. */
const TIMER_MS = 2;

/**
 * Requests that are sent when their time has come, whether or not those before are answered, and how long each took from
 * that time on, in milliseconds: a server that stands still is charged for all who come meanwhile.
 */
export async function atRate(ask: Ask, perSecond: number, seconds: number): Promise<readonly number[]> {
  const begun = performance.now();
  const running: Promise<number>[] = [];
  for (let nth = 0; nth < perSecond * seconds; nth += 1) {
    const due = begun + (nth * 1_000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    const now = performance.now();
    running.push(timeFrom(now - due < TIMER_MS ? now : due, ask(nth)));
  }
  return Promise.all(running);
}

async function timeFrom(begun: number, answer: Promise<unknown>): Promise<number> {
  await answer;
  return performance.now() - begun;
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
}

export function latencyOf(times: readonly number[]): Latency {
  return { p50: quantile(times, 0.5), p99: quantile(times, 0.99) };
}
