import { busNames, inspectBroker } from '#messaging';
import { readOutboxState, type OutboxState } from '#outbox';
import type { BriefAccess } from '../brief-access.js';
import { inEachService } from '../service-databases.js';
import type { CliProjection } from '../with-projection.js';
import type { Unseen } from './unseen.js';

export interface QueueStatus {
  readonly queue: string;
  /** Null when there is no such queue yet. */
  readonly messages: number | null;
  readonly consumers: number | null;
}

/** The queue that projectors take events from, and the broker's own backstop. */
export async function readQueues(
  { config }: CliProjection,
  { deadlineMs }: BriefAccess,
): Promise<readonly QueueStatus[]> {
  const names = busNames(config.BUS_PREFIX);
  const report = await inspectBroker({
    url: config.RABBITMQ_URL,
    queues: [names.projectorQueue, names.deadLetterQueue],
    deadlineMs,
  });
  return [...report.queues].map(([queue, state]) => ({
    queue,
    messages: state?.messages ?? null,
    consumers: state?.consumers ?? null,
  }));
}

export interface OutboxStatus extends OutboxState {
  readonly service: string;
}

/** The outboxes of the services whose databases this command line may look into. */
export async function readOutboxes(
  { deadlineMs }: BriefAccess,
  unseen: Unseen,
): Promise<readonly OutboxStatus[]> {
  const services = await inEachService(readOutboxState, { timeoutMs: deadlineMs });
  return services.flatMap((one) => {
    if ('seen' in one) return [{ service: one.service, ...one.seen }];
    // Without a cause nothing was tried: the variable is not set.
    unseen.add(`database of ${one.service}`, one.unseen, one.cause === undefined);
    return [];
  });
}
