import { once } from 'node:events';
import { aliasName, rebuild } from '#projection';
import { startLeastProjector } from './arms/least-projector.js';
import type { BenchSpace } from './bench-space.js';
import { onProjectionBed, type ProjectionBed } from './harness/projection-bed.js';
import { toldIn, type Answer, type Role, type Task } from './harness/projection-process.js';
import { startWorkers } from './harness/workers.js';

const { role, space } = JSON.parse(process.env[toldIn] ?? '') as { role: Role; space: BenchSpace };

function answer(what: Answer): void {
  process.send?.(what);
}

async function timed(task: Task, work: (task: Task) => Promise<unknown>): Promise<void> {
  const startedAt = performance.now();
  await work(task);
  answer({ seconds: (performance.now() - startedAt) / 1_000 });
}

function startLeast({ pool, plan }: ProjectionBed): ReturnType<typeof startLeastProjector> {
  const { elasticsearchUrl, rabbitmqUrl: url, busPrefix, indexPrefix } = space;
  const indexName = aliasName(indexPrefix, plan.view);
  return startLeastProjector({ url, busPrefix, pool, elasticsearchUrl, indexName });
}

// Disconnected, it has no more to do.
const disconnected = once(process, 'disconnect');
await onProjectionBed(space, async (bed) => {
  const workers = role === 'projector' ? startWorkers(space, bed) : null;
  const least = role === 'least' ? await startLeast(bed) : null;
  const work = async (task: Task): Promise<void> => {
    if (task.kind === 'rebuild') await rebuild(bed.rebuilding);
    else await workers?.untilDone(task.deliveries);
  };
  const failed = new Promise<never>((_, reject) => {
    process.on('message', (task: Task) => void timed(task, work).catch(reject));
  });
  answer({ seconds: 0 });
  try {
    await Promise.race([disconnected, failed]);
  } finally {
    await workers?.close();
    await least?.close();
  }
});
