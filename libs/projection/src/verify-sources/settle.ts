import { sleep } from '#kernel';
import { lookAt, type Comparison } from './compare.js';
import { persists, type Look, type SourceDifferenceKind } from './judge.js';

export interface SettleOptions extends Pick<
  Comparison,
  'pool' | 'source' | 'service' | 'contents' | 'signal'
> {
  /** How long events that are on their way are waited for, in milliseconds. */
  readonly settleMs: number;
  /** How long a batch may take that projectors have in hand, in milliseconds. */
  readonly graceMs: number;
  readonly onProgress: (open: number) => void;
}

export interface SourceDifference {
  readonly id: string;
  readonly kind: SourceDifferenceKind;
  readonly epoch: number;
  /** What the service has; null when it has no row. */
  readonly version: number | null;
  readonly copy: { readonly epoch: number; readonly version: number; readonly deleted: boolean } | null;
  /** The relay has given up an event of it: it is among the dead letters of the service's outbox. */
  readonly deadLettered: boolean;
}

export interface Settled {
  readonly differences: readonly SourceDifference[];
  /** Ids whose events were not through when time was up. */
  readonly unsettled: readonly string[];
}

const pauseMs = 500;

/**
 * Looks at ids that differed again and again until no event can explain it: the outbox has held none of theirs, then the
 * queue was seen empty, and then projectors had time for what they held. Events of other aggregates need not end for
 * that: what was in the queue before it was empty has been delivered.
 */
export async function settle(suspects: ReadonlyMap<string, Look>, options: SettleOptions): Promise<Settled> {
  const { service, signal, settleMs, graceMs, onProgress } = options;
  const begunAt = performance.now();
  let open = [...suspects.keys()];
  let deliveredAt: number | null = null;
  for (;;) {
    signal.throwIfAborted();
    const { looks, waiting, deadLettered } = await lookAt(options, open);
    const kinds = new Map(open.map((id) => [id, persists(suspects.get(id)!, looks.get(id)!)]));
    open = open.filter((id) => kinds.get(id) !== null);
    onProgress(open.length);
    if (open.length === 0) return { differences: [], unsettled: [] };
    const now = performance.now();
    if (deliveredAt !== null && now - deliveredAt >= graceMs)
      return {
        differences: open.map((id) => difference(id, kinds.get(id)!, looks.get(id)!, deadLettered)),
        unsettled: [],
      };
    // Asked after the outbox: what it held last is in the queue by then.
    if (deliveredAt === null && !open.some((id) => waiting.has(id)) && (await service.backlog()) === 0)
      deliveredAt = performance.now();
    if (deliveredAt === null && now - begunAt >= settleMs) {
      const final = open.filter((id) => kinds.get(id) === 'different');
      return {
        differences: final.map((id) => difference(id, 'different', looks.get(id)!, deadLettered)),
        unsettled: open.filter((id) => !final.includes(id)),
      };
    }
    await sleep(Math.min(pauseMs, graceMs), signal);
  }
}

function difference(
  id: string,
  kind: SourceDifferenceKind | null,
  { epoch, aggregate, copy }: Look,
  deadLettered: ReadonlySet<string>,
): SourceDifference {
  return {
    id,
    kind: kind ?? 'different',
    epoch,
    version: aggregate?.version ?? null,
    copy: copy === undefined ? null : { epoch: copy.epoch, version: copy.version, deleted: copy.deleted },
    deadLettered: deadLettered.has(id),
  };
}
