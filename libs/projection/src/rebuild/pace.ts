/** The oldest change of a view that waits to be built. */
export interface WaitingMark {
  readonly view: string;
  readonly seq: string;
  readonly ageMs: number;
}

/** What readers and writers notice at one moment. */
export interface PaceSample {
  /** A point in time on any one clock, in milliseconds. */
  readonly atMs: number;
  readonly waiting: readonly WaitingMark[];
  /** How long a search took, in milliseconds; null when it had no answer. */
  readonly latencyMs: number | null;
}

/** How it was before the scan began. */
export interface BaseLine {
  readonly latencyMs: number | null;
  /** The longest that a change of each view was seen waiting, in milliseconds. */
  readonly waitingMs: ReadonlyMap<string, number>;
}

export interface PaceLimits {
  /** Latency and lag may be so many times what they were before the scan. */
  readonly factor: number;
  /** What is never too much, in milliseconds: below it the figures are noise. */
  readonly latencyFloorMs: number;
  readonly lagFloorMs: number;
  /** The least share of the time that is scanned in, so that a scan always ends. */
  readonly leastShare: number;
  /** How much faster each sample in health makes it. */
  readonly recovery: number;
  /** After so long at the least share with no less harm, it is not the scan that does it. */
  readonly patienceMs: number;
  /** A change that waits so long with nothing before it being built waits for a builder, and not for the scan. */
  readonly stuckMs: number;
}

export const paceLimits: PaceLimits = {
  factor: 2,
  latencyFloorMs: 25,
  lagFloorMs: 500,
  leastShare: 0.2,
  recovery: 0.1,
  patienceMs: 10_000,
  stuckMs: 15_000,
};

/** Searches that are looked at together: one that is slow by itself says nothing. */
const WINDOW = 3;

export function baseLineOf(samples: readonly PaceSample[]): BaseLine {
  const waitingMs = new Map<string, number>();
  for (const { view, ageMs } of samples.flatMap(({ waiting }) => waiting))
    waitingMs.set(view, Math.max(ageMs, waitingMs.get(view) ?? 0));
  const latencies = samples.flatMap(({ latencyMs }) => latencyMs ?? []);
  return { latencyMs: latencies.length === 0 ? null : median(latencies), waitingMs };
}

/**
 * Decides which share of the time the scan works, by what it does to readers and writers: half as much after every sample
 * that shows harm, a little more after every one that shows none. The same rule keeps congestion out of networks
 * (additive increase, multiplicative decrease); pure, so that it can be tried without servers.
 *
 * Harm that goes on at the least share is not the scan's doing, such as that of another program on the machine: how it is
 * then is what is compared with from there on.
 */
export class Pace {
  #share = 1;
  #reason: string | null = null;
  #latencies: (number | null)[] = [];
  /** The oldest mark of each view, and since when it is the oldest. */
  readonly #oldest = new Map<string, { readonly seq: string; readonly sinceMs: number }>();
  /** The first sample of those at the least share. */
  #slowest: PaceSample | null = null;
  #base: BaseLine;

  constructor(
    base: BaseLine,
    private readonly limits: PaceLimits = paceLimits,
  ) {
    this.#base = base;
  }

  /** From `leastShare` to 1. */
  get share(): number {
    return this.#share;
  }

  /** Why the scan yields; null while it does not. */
  get reason(): string | null {
    return this.#reason;
  }

  note(sample: PaceSample): void {
    const { leastShare, recovery, patienceMs } = this.limits;
    const harm = this.#lagHarm(sample) ?? this.#latencyHarm(sample.latencyMs);
    if (harm === 'unknown') return;
    if (harm === null) this.#share = Math.min(1, this.#share + recovery);
    else this.#share = Math.max(leastShare, this.#share / 2);
    if (harm !== null) this.#reason = harm.reason;
    else if (this.#share === 1) this.#reason = null;
    if (this.#share > leastShare) this.#slowest = null;
    else this.#slowest ??= sample;
    if (this.#slowest !== null && sample.atMs - this.#slowest.atMs >= patienceMs)
      this.#accept(this.#slowest, sample);
  }

  /** A wait that has grown meanwhile is not accepted: what is being left behind needs the scan least of all. */
  #accept(first: PaceSample, now: PaceSample): void {
    const waitingMs = new Map(this.#base.waitingMs);
    for (const { view, ageMs } of now.waiting) {
      const before = first.waiting.find((one) => one.view === view)?.ageMs ?? 0;
      if (ageMs <= before) waitingMs.set(view, Math.max(waitingMs.get(view) ?? 0, ageMs));
    }
    const latencies = [this.#base.latencyMs, first.latencyMs, now.latencyMs].filter((ms) => ms !== null);
    this.#base = { latencyMs: latencies.length === 0 ? null : median(latencies), waitingMs };
    this.#slowest = null;
  }

  #lagHarm({ atMs, waiting }: PaceSample): Harm | null {
    const { factor, lagFloorMs, stuckMs } = this.limits;
    let harm: Harm | null = null;
    for (const { view, seq, ageMs } of waiting) {
      const known = this.#oldest.get(view);
      if (known?.seq !== seq) this.#oldest.set(view, { seq, sinceMs: atMs });
      else if (atMs - known.sinceMs >= stuckMs) continue;
      const before = this.#base.waitingMs.get(view) ?? 0;
      if (ageMs > Math.max(lagFloorMs, factor * before))
        harm ??= { reason: `changes of ${view} wait ${seconds(ageMs)} (${seconds(before)} before)` };
    }
    return harm;
  }

  #latencyHarm(latencyMs: number | null): Harm | 'unknown' | null {
    const { factor, latencyFloorMs } = this.limits;
    // Where nothing answered before either, there is nobody to yield to.
    const before = this.#base.latencyMs;
    if (before === null) return null;
    this.#latencies = [...this.#latencies.slice(1 - WINDOW), latencyMs];
    if (this.#latencies.length < 2) return 'unknown';
    const now = median(this.#latencies.map((one) => one ?? Infinity));
    if (now <= Math.max(latencyFloorMs, factor * before)) return null;
    // Measured anew at the new pace.
    this.#latencies = [];
    const reason =
      now === Infinity
        ? 'searches have no answer'
        : `a search takes ${Math.round(now)} ms (${Math.round(before)} ms before)`;
    return { reason };
  }
}

interface Harm {
  readonly reason: string;
}

/** The lower one of two. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Infinity;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
