import type { Logger } from '#kernel';
import { pauseKey, type Pause } from './pauses.js';

/** Says once of each pause that a worker notices it, and once that it is over. */
export class PauseLog {
  #paused: ReadonlyMap<string, Pause> = new Map();

  constructor(private readonly logger: Logger) {}

  note(pauses: readonly Pause[]): void {
    const now = new Map(pauses.map((pause) => [pauseKey(pause.what), pause]));
    for (const [paused, { since, by, reason }] of now) {
      if (!this.#paused.has(paused))
        this.logger.warn({ paused, since, by, reason }, `Paused: ${paused}. What it works on waits`);
    }
    for (const paused of this.#paused.keys()) {
      if (!now.has(paused)) this.logger.info({ resumed: paused }, `Resumed: ${paused}`);
    }
    this.#paused = now;
  }
}
