import type { Pool } from 'pg';
import { backoffDelay, messageOf, PrejoinError, sleep, type Backoff, type Logger } from '#kernel';
import type { Publisher } from '#messaging';
import { Batches, WithoutOutcome } from './batches.js';
import { readRelayControl } from './control.js';
import { startHeartbeat, type Heartbeat } from './heartbeat.js';
import { noMetrics, type RelayMetrics } from './metrics.js';

export interface RelayOptions {
  /** The service's own database; a relay uses up to two connections, and for a moment a third one to say it lives. */
  readonly pool: Pool;
  /** Best its own: see connectPublisher. The caller closes it, after the relay. */
  readonly publisher: Publisher;
  readonly logger: Logger;
  readonly metrics?: RelayMetrics;
  /** The most rows that are claimed at once: fewer when they are long, so that a batch has about 8 MiB. */
  readonly batchSize?: number;
  /** The longest pause between two looks at an empty outbox, in milliseconds; `wake` ends it. */
  readonly pollMs?: number;
  /** After how many refusals (or ends without an outcome) a message goes to the dead letters. */
  readonly maxAttempts?: number;
  /** The pauses before a message is sent again. */
  readonly retry?: Backoff;
  /** How often it writes to relay_process that it is alive, in milliseconds. */
  readonly beatMs?: number;
}

/**
 * `waiting`: the broker is away or blocks, and nothing is claimed; `failing`: the database can not be used, or messages
 * stay without outcome; both end by themselves. `paused`: somebody called pauseRelay, and nothing is claimed until
 * resumeRelay.
 */
export type RelayState = 'running' | 'waiting' | 'failing' | 'paused' | 'closed';

export interface Relay {
  readonly state: RelayState;
  /** Says that something was just committed to the outbox: the relay looks at once. A hint only, never needed. */
  wake(): void;
  /** Claims no more and lets the running batch end; after `deadlineMs` its claim rolls back. */
  close(deadlineMs?: number): Promise<void>;
}

/**
 * Publishes what is in the outbox, for as long as it is open. Any number of relays may share an outbox. Every message is
 * published at least once: one whose confirm or commit is lost is published again with the same event id.
 */
export function startRelay(options: RelayOptions): Relay {
  const { batchSize = 1_000, maxAttempts = 10 } = options;
  if (batchSize < 1 || maxAttempts < 1) {
    throw new PrejoinError('relay_options_invalid', 'batchSize and maxAttempts must be at least 1.');
  }
  return new OutboxRelay(options, batchSize, maxAttempts);
}

const firstPollMs = 20;
const controlMs = 1_000;
const defaultBeatMs = 5_000;
const suspectsMs = 100;
const defaultRetry: Backoff = { baseMs: 2_000, maxMs: 600_000 };
const rollbackTimeoutMs = 1_000;
const faultPause: Backoff = { baseMs: 100, maxMs: 10_000 };
/** Short, since a batch of 1 000 is halved ten times before its culprit is alone, and its neighbours wait meanwhile. */
const unknownPause: Backoff = { baseMs: 50, maxMs: 1_000 };

class OutboxRelay implements Relay {
  #state: RelayState = 'running';
  #woken = false;
  #endPause: () => void = () => {};
  readonly #stopping = new AbortController();
  readonly #abandoning = new AbortController();
  readonly #running: Promise<void>;
  readonly #batches: Batches;
  readonly #heartbeat: Heartbeat;
  #paused = false;
  #controlReadAt = -Infinity;

  constructor(
    private readonly options: RelayOptions,
    batchSize: number,
    maxAttempts: number,
  ) {
    const { pool, publisher, logger, beatMs = defaultBeatMs, metrics = noMetrics } = options;
    this.#batches = new Batches({
      ...{ pool, publisher, logger, metrics, batchSize, maxAttempts },
      retry: options.retry ?? defaultRetry,
      suspectsMs: Math.min(options.pollMs ?? suspectsMs, suspectsMs),
      stop: this.#stopping.signal,
      abandon: this.#abandoning.signal,
    });
    this.#running = this.#run();
    this.#heartbeat = startHeartbeat({ pool, logger, beatMs, state: () => this.#state });
  }

  get state(): RelayState {
    return this.#state;
  }

  wake(): void {
    this.#woken = true;
    this.#endPause();
  }

  async close(deadlineMs = 10_000): Promise<void> {
    this.#stopping.abort();
    this.#endPause();
    const ended = new AbortController();
    const running = this.#running.then(() => ended.abort());
    await Promise.race([running, sleep(deadlineMs, ended.signal)]);
    this.#abandoning.abort();
    // Rolling back needs an answer of the database; one that stands still is left to notice the end by itself.
    await Promise.race([running, sleep(rollbackTimeoutMs, ended.signal)]);
    await this.#heartbeat.close();
  }

  async #run(): Promise<void> {
    const { pollMs = 1_000, publisher, logger } = this.options;
    let idleMs = firstPollMs;
    let faults = 0;
    while (!this.#stopping.signal.aborted) {
      if (publisher.state !== 'open') {
        this.#state = 'waiting';
        await this.#pause(Math.min(pollMs, 100), 'whatever happens');
        continue;
      }
      try {
        if (await this.#isPaused()) {
          this.#state = 'paused';
          await this.#pause(Math.min(pollMs, controlMs), 'whatever happens');
          continue;
        }
        const { claimed, full } = await this.#batches.send();
        this.#state = 'running';
        faults = 0;
        idleMs = claimed > 0 ? firstPollMs : Math.min(pollMs, idleMs * 2);
        if (!full) await this.#pause(idleMs, 'unless woken');
      } catch (error) {
        faults += 1;
        this.#state = 'failing';
        const undecided = error instanceof WithoutOutcome;
        const delayMs = backoffDelay(undecided ? unknownPause : faultPause, faults);
        if (undecided)
          logger.warn(
            { reason: error.message, nextLimit: this.#batches.limit, delayMs },
            'messages stayed without an outcome; sending them again',
          );
        else
          logger.error(
            { err: error, reason: messageOf(error), delayMs },
            'the outbox could not be relayed; trying again',
          );
        await this.#pause(delayMs, 'whatever happens');
      }
    }
    this.#state = 'closed';
  }

  /** Looked at once a second, for the state and the log: it is the claim that keeps a pause strictly. */
  async #isPaused(): Promise<boolean> {
    const { pool, logger, pollMs = controlMs } = this.options;
    const readAgain = this.#paused || performance.now() - this.#controlReadAt >= Math.min(pollMs, controlMs);
    if (!readAgain) return false;
    const pause = await readRelayControl(pool);
    this.#controlReadAt = performance.now();
    const paused = pause !== null;
    if (paused !== this.#paused)
      logger.info(
        pause ?? {},
        paused ? 'The relay is paused: events wait in the outbox' : 'The relay goes on',
      );
    this.#paused = paused;
    return paused;
  }

  async #pause(ms: number, until: 'unless woken' | 'whatever happens'): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#endPause = () => {
      if (until === 'unless woken' || this.#stopping.signal.aborted) resolve();
    };
    if (until === 'unless woken' && this.#woken) resolve();
    await promise;
    clearTimeout(timer);
    this.#endPause = () => {};
    this.#woken = false;
  }
}
