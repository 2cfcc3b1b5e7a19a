import { messageOf } from '#kernel';
import { SearchUnavailableError } from '../errors.js';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Of Elasticsearch on every answer that is its own, so that nothing else is taken for it. */
const productHeader = 'x-elastic-product';
const product = 'Elasticsearch';

/**
 * Gathers one answer, as undici hands it over. `pool.request` would make a stream of each answer and iterate over it, which
 * costs more than what is done with a document by id.
 */
export class Exchange {
  #abort: (() => void) | null = null;
  #ended = false;
  #status = 0;
  #isElasticsearch = false;
  readonly #chunks: Buffer[] = [];

  constructor(
    private readonly onAnswer: (answer: Answer) => void,
    private readonly onFault: (error: Error) => void,
  ) {}

  /** Ends it: one that is under way loses its connection, by which the server knows. Neither callback is called any more. */
  end(): void {
    this.#ended = true;
    this.#abort?.();
  }

  onConnect(abort: () => void): void {
    this.#abort = abort;
    if (this.#ended) abort();
  }

  onHeaders(status: number, headers: readonly Buffer[]): boolean {
    this.#status = status;
    this.#isElasticsearch = valueOf(headers, productHeader) === product;
    return true;
  }

  onData(chunk: Buffer): boolean {
    this.#chunks.push(chunk);
    return true;
  }

  onComplete(): void {
    if (this.#ended) return;
    this.#ended = true;
    const [first] = this.#chunks;
    const bytes = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    // What a proxy has to say of a fault is not signed by the server, and read by its status.
    if (this.#status < 300 && !this.#isElasticsearch)
      this.onFault(new SearchUnavailableError('what answers there is not Elasticsearch.'));
    else this.onAnswer({ status: this.#status, text: bytes.toString('utf8') });
  }

  onError(error: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.onFault(new SearchUnavailableError(messageOf(error), { cause: error }));
  }
}

/** Names and values stand in turns. */
function valueOf(headers: readonly Buffer[], name: string): string | undefined {
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const [key, value] = [headers[at], headers[at + 1]];
    if (key?.length === name.length && key.toString('latin1').toLowerCase() === name)
      return value?.toString('latin1');
  }
  return undefined;
}
