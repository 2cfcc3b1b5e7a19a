import type { Pool } from 'pg';
import type { Logger } from '#kernel';
import { PauseLog } from './pause-log.js';
import { pauseKey, readPauses, type Pausable } from './pauses.js';

const FRESH_MS = 500;

/** Whether one thing is paused, read again about twice a second. */
export class PauseWatch {
  #paused = false;
  #readAt = -Infinity;
  readonly #log: PauseLog;

  constructor(
    private readonly pool: Pool,
    private readonly what: Pausable,
    logger: Logger,
  ) {
    this.#log = new PauseLog(logger);
  }

  async isPaused(): Promise<boolean> {
    if (performance.now() - this.#readAt < FRESH_MS) return this.#paused;
    const own = (await readPauses(this.pool)).filter((pause) => pauseKey(pause.what) === pauseKey(this.what));
    this.#log.note(own);
    this.#paused = own.length > 0;
    this.#readAt = performance.now();
    return this.#paused;
  }
}
