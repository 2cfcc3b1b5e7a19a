/** So long after the last one it is taken for granted that direct changes go on coming, in milliseconds. */
const RECENT_MS = 1_000;

/**
 * Whether direct changes come, to which bulk marks give way: all lanes share the servers' processors with whoever waits
 * for a change, so that a free lane alone spares it nothing. In memory and by process; each process sees what it claims.
 */
export class DirectTraffic {
  #directAt = -Infinity;

  /** A claim found direct marks at `nowMs`. */
  note(nowMs: number): void {
    this.#directAt = nowMs;
  }

  /** Whether direct changes came just now, so that more are to be expected. */
  isRecent(nowMs: number): boolean {
    return nowMs - this.#directAt < RECENT_MS;
  }
}
