/** So long after the last one it is taken for granted that direct changes go on coming, in milliseconds. */
const RECENT_MS = 1_000;

/**
 * How bulk marks give way while direct changes come: all lanes share the servers' processors with whoever waits for a change,
 * so that a free lane alone spares it nothing. In memory and by process; each process sees what it claims.
 */
export class Pace {
  #directAt = -Infinity;

  /** A claim found direct marks at `nowMs`. */
  direct(nowMs: number): void {
    this.#directAt = nowMs;
  }

  /** Whether direct changes came just now, so that more are to be expected. */
  givesWay(nowMs: number): boolean {
    return nowMs - this.#directAt < RECENT_MS;
  }
}
