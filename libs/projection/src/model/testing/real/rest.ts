import type { Envelope } from '#messaging';
import { eventually } from '#testing';
import { compile } from '#views';
import { rebuild } from '../../../rebuild/rebuild.js';
import type { RebuildOptions } from '../../../rebuild/options.js';
import type { Pipeline } from '../../../testing/pipeline.js';
import type { ModelView } from '../views.js';

/** Little at a time, so that builders and look-ups meet on the same roots, and keys with two roots become jobs. */
export const SMALL = {
  builder: { batch: 3, minBatch: 1, restMs: 0 },
  fanOut: { claim: 2, chunk: 2, listChunk: 2, directRoots: 1, pollMs: 20 },
};

/** What is still to be done when nothing goes wrong any more. */
export interface Rest {
  readonly messages?: readonly Envelope[];
  /** Views whose rebuild died. */
  readonly rebuilds?: readonly ModelView[];
}

/** Without any fault, until nothing is left to do: what waits for a back-off is due now. */
export async function comeToRest(pipeline: Pipeline, { messages = [], rebuilds = [] }: Rest): Promise<void> {
  if (messages.length > 0) await pipeline.deliver(messages);
  await pipeline.pool('apply').query(
    `UPDATE mark SET due_at = now() WHERE due_at > now();
     UPDATE fan_out SET due_at = now() WHERE due_at > now();
     UPDATE fan_out_job SET due_at = now() WHERE due_at > now()`,
  );
  const workers = [
    pipeline.startBuilder({ ...SMALL.builder, batch: 500 }),
    pipeline.startFanOut({ ...SMALL.fanOut, claim: 200 }),
  ];
  // A rebuild that died is taken over as soon as its lease has run out.
  for (const view of rebuilds) await eventually(() => rebuild(rebuildOf(pipeline, view)));
  await pipeline.quiesce();
  await Promise.all(workers.map((worker) => worker.close()));
}

export function rebuildOf(pipeline: Pipeline, view: ModelView): RebuildOptions {
  return {
    ...pipeline.context,
    plan: compile(view.next.declared),
    indexPrefix: pipeline.space.indexPrefix,
    holder: 'the model',
    chunk: 20,
    leaseMs: 2_000,
  };
}
