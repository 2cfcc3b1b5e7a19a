import { parseJson } from '../json-body.js';

/** What the owner of a source answers, in as many messages as it takes. */
export type ServiceAnswer = { readonly source: string } & (
  | {
      /** How far publishing again is; sent at once, after every page, and when it is done. */
      readonly kind: 'progress';
      /** The request that began it; whoever asks meanwhile joins it. */
      readonly run: string;
      readonly state: 'running' | 'done';
      /** Aggregates whose events are in the outbox; when it is done, all have left it. */
      readonly done: number;
      readonly total: number;
      /** The source epoch that they are published under. */
      readonly epoch: number;
    }
  | {
      /** Which of the copies that were asked about have no aggregate, each with a deletion in the outbox. */
      readonly kind: 'gone';
      readonly request: string;
      readonly ids: readonly string[];
      /** Copies of a version that the service does not have yet: it was restored to an older state. */
      readonly ahead: readonly string[];
    }
  | {
      /** What each range has, in the order in which they were asked about. */
      readonly kind: 'checksums';
      readonly request: string;
      readonly epoch: number;
      readonly ranges: readonly RangeChecksum[];
    }
  | {
      /** The aggregates that were asked about, deleted ones too, in the order of their ids. */
      readonly kind: 'versions';
      readonly request: string;
      readonly epoch: number;
      readonly aggregates: readonly AggregateVersion[];
      /** Of ids that were asked about by name, those with an event that the broker has not confirmed yet. */
      readonly waiting: readonly string[];
      /** And those with an event that the relay has given up. */
      readonly deadLettered: readonly string[];
    }
  | {
      /** Which of the ids are in the outbox now, at which versions; of the others the service has no row. */
      readonly kind: 'published';
      readonly request: string;
      readonly epoch: number;
      readonly aggregates: readonly { readonly id: string; readonly version: number }[];
    }
  | {
      readonly kind: 'refused';
      readonly reason: string;
      readonly remedy: string | null;
    }
);

export interface RangeChecksum {
  readonly count: number;
  /** Null when the range has too many to sum at once: `count` is then only how many were counted. */
  readonly checksum: string | null;
}

export interface AggregateVersion {
  readonly id: string;
  readonly version: number;
  /** It has a row and its last event was a deletion. */
  readonly deleted: boolean;
  /** The hash of its state where contents were asked for and it is not deleted, else null. */
  readonly content: string | null;
}

export function encodeAnswer(answer: ServiceAnswer): Buffer {
  return Buffer.from(JSON.stringify({ v: 1, ...answer }));
}

/** Reads the body of an answer; null for what a later version may say. */
export function decodeAnswer(body: Buffer): ServiceAnswer | null {
  const parsed = parseJson(body, 16 * 1024 * 1024);
  return 'value' in parsed && isAnswer(parsed.value) ? parsed.value : null;
}

const kinds: readonly unknown[] = [
  'progress',
  'gone',
  'checksums',
  'versions',
  'published',
  'refused',
] satisfies ServiceAnswer['kind'][];

/** The version and the kind say that it was encoded above: its reply queue is known to those who were asked. */
function isAnswer(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & ServiceAnswer {
  return value['v'] === 1 && kinds.includes(value['kind']);
}
