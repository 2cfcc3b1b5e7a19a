import { backoffDelay, messageOf, newId, sleep, type Backoff, type Logger } from '#kernel';
import {
  connectPublisher,
  decodeRequest,
  encodeAnswer,
  requestQueue,
  requestTopology,
  startConsumer,
  type Consumer,
  type Delivery,
  type Publisher,
  type ServiceAnswer,
} from '#messaging';
import type { DataSource } from 'typeorm';
import { inTransaction } from '../transaction.js';
import { answerRequest } from './answer-request.js';
import { publishPage, type PageLimits, type Turn } from './publish-page.js';
import type { PublishedSource } from './published-source.js';
import { answerOf, forgetListeners, type Run } from './run.js';

export interface ResyncOptions {
  /** The service's own database; a page or an answer takes one connection of it. */
  readonly dataSource: DataSource;
  readonly url: string;
  readonly busPrefix: string;
  /** Whose requests are answered: the owner of the sources. */
  readonly owner: string;
  readonly sources: readonly PublishedSource[];
  readonly logger: Logger;
  readonly limits?: Partial<PageLimits>;
  /** Called after events were appended: the relay may look at once. */
  readonly onAppended?: () => void;
  /** How often a process looks for a run that another one left, in milliseconds. */
  readonly pollMs?: number;
}

export interface Resync {
  close(): Promise<void>;
}

const defaultLimits: PageLimits = { rows: 200, bytes: 4 * 1024 * 1024, outboxRows: 1_000 };
const waitingMs = 100;
const connectPatienceMs = 3_000;
const faultPause: Backoff = { baseMs: 200, maxMs: 10_000 };

/**
 * Answers requests for a service's sources, and publishes again what was asked for, until it is closed. What is asked
 * and how far it is stands in the service's database: any process of the service goes on with it.
 */
export function startResync(options: ResyncOptions): Resync {
  return new RunningResync(options);
}

class RunningResync implements Resync {
  readonly #sources: ReadonlyMap<string, PublishedSource>;
  readonly #limits: PageLimits;
  readonly #replies: Publisher;
  readonly #requests: Consumer;
  readonly #stopping = new AbortController();
  readonly #working: Promise<void>;
  #wake = new AbortController();

  constructor(private readonly options: ResyncOptions) {
    const { url, busPrefix, owner, sources, logger } = options;
    this.#sources = new Map(sources.map((source) => [source.contract.name, source]));
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#replies = connectPublisher({
      url,
      // The default exchange, which knows every queue by its name.
      exchange: '',
      topology: { exchanges: [], queues: [] },
      connectionName: `prejoin ${owner} answers`,
      logger,
    });
    this.#requests = startConsumer(
      {
        url,
        topology: requestTopology(busPrefix, owner),
        queue: requestQueue(busPrefix, owner),
        connectionName: `prejoin ${owner} requests`,
        prefetch: 4,
        maxBatch: 1,
        maxBatchBytes: 1024 * 1024,
        maxAgeMs: 0,
        logger,
      },
      async (batch) => {
        for (const delivery of batch) await this.#handle(delivery);
      },
    );
    this.#working = this.#work();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#requests.close();
    await this.#working;
    await this.#replies.close();
  }

  async #handle({ body }: Delivery): Promise<void> {
    const { logger, busPrefix, owner, dataSource } = this.options;
    const decoded = decodeRequest(body, busPrefix);
    if ('fault' in decoded) {
      const { fault, replyTo } = decoded;
      logger.error({ owner, fault }, 'A request that is none was dropped');
      const reason = `The request was not understood. ${fault}`;
      if (replyTo !== null)
        await this.#reply([replyTo], { kind: 'refused', source: '', reason, remedy: null });
      return;
    }
    const { request } = decoded;
    const answer = await answerRequest(dataSource, this.#sources, request);
    logger.info(
      { request: request.id, kind: request.kind, answer: summary(answer) },
      'A request was answered',
    );
    this.#wake.abort();
    if (answer.kind === 'gone' || answer.kind === 'published') this.options.onAppended?.();
    await this.#reply([request.replyTo], answer);
  }

  async #work(): Promise<void> {
    const { pollMs = 5_000, logger, owner } = this.options;
    const { signal } = this.#stopping;
    let faults = 0;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      try {
        const turn = await inTransaction(this.options.dataSource, (tx) =>
          publishPage(tx, this.#sources, this.#limits),
        );
        faults = 0;
        await this.#after(turn);
        if (turn.kind === 'idle') await sleep(pollMs, AbortSignal.any([signal, this.#wake.signal]));
        if (turn.kind === 'waiting') await sleep(waitingMs, signal);
      } catch (error) {
        faults += 1;
        const delayMs = backoffDelay(faultPause, faults);
        logger.warn(
          { owner, err: error, delayMs },
          `A page could not be published again: ${messageOf(error)}`,
        );
        await sleep(delayMs, signal);
      }
    }
  }

  async #after(turn: Turn): Promise<void> {
    if (turn.kind !== 'went on') return;
    const { run, appended } = turn;
    if (appended > 0) this.options.onAppended?.();
    if (run.state !== 'running')
      this.options.logger.info(
        { run: run.run, answer: summary(answerOf(run)) },
        'Publishing again has ended',
      );
    await this.#tell(run);
  }

  async #tell(run: Run): Promise<void> {
    const left = await this.#reply(run.replyTo, answerOf(run));
    if (left.length === 0) return;
    await inTransaction(this.options.dataSource, (tx) => forgetListeners(tx, run.source, left));
  }

  /** Answers the queues that are gone. An answer that is lost otherwise is asked for again. */
  async #reply(queues: readonly string[], answer: ServiceAnswer): Promise<readonly string[]> {
    await this.#untilConnected();
    const body = encodeAnswer(answer);
    const outcomes = await this.#replies.publish(
      queues.map((routingKey) => ({ id: newId(), routingKey, body })),
    );
    return queues.filter((_, at) => outcomes[at]?.kind === 'returned');
  }

  /** The two connections come and go by themselves: a request may be here before an answer can leave. */
  async #untilConnected(): Promise<void> {
    const until = performance.now() + connectPatienceMs;
    while (this.#replies.state !== 'open' && performance.now() < until && !this.#stopping.signal.aborted)
      await sleep(waitingMs, this.#stopping.signal);
  }
}

/** The answer with how many there are instead of its lists, for a log line. */
function summary(answer: ServiceAnswer): object {
  return Object.fromEntries(
    Object.entries(answer).map(([name, value]: [string, unknown]) => [
      name,
      Array.isArray(value) ? value.length : value,
    ]),
  );
}
