import type { Pool } from 'pg';
import { sleep } from '#kernel';
import { forgetVersions, judge, lookAt, type Look, type ServiceSide } from '#projection';
import { askGone, askOnce, type Asked } from '../resync/ask-service.js';

export interface Mending {
  readonly pool: Pool;
  readonly asked: Asked;
  /** With contents: what is mended has to be the same. */
  readonly service: ServiceSide;
  /** How long nothing may move before the rest is given up, in milliseconds. */
  readonly patienceMs: number;
  readonly onProgress: (done: number, total: number) => void;
}

export interface Mended {
  readonly mended: number;
  readonly left: readonly { readonly id: string; readonly reason: string }[];
}

const pauseMs = 250;

/**
 * Has the owner publish exactly these aggregates again, and the deletion of those that it does not have, and waits until
 * the copies are the same as its rows.
 *
 * A copy of the same version that says something else refuses that event, as it refuses any repeat. So its version is
 * lowered first. If nothing comes then, it is a stale copy, which the next comparison finds.
 */
export async function mendCopies(ids: readonly string[], mending: Mending): Promise<Mended> {
  const { service, onProgress } = mending;
  const left: { id: string; reason: string }[] = [];
  let mended = 0;
  for (let at = 0; at < ids.length; at += service.limits.ids) {
    const some = ids.slice(at, at + service.limits.ids);
    const result = await mendSome(some, mending);
    left.push(...result.left);
    mended += result.mended;
    onProgress(at + some.length, ids.length);
  }
  return { mended, left };
}

async function mendSome(ids: readonly string[], mending: Mending): Promise<Mended> {
  const { pool, asked } = mending;
  const { looks } = await look(mending, ids);
  const those = (kind: ReturnType<typeof judge>): readonly Look[] =>
    [...looks.values()].filter((one) => judge(one) === kind);
  const copiesOf = (some: readonly Look[]) => some.flatMap(({ copy }) => (copy === undefined ? [] : [copy]));

  await forgetVersions(pool, asked.source, copiesOf(those('different')));
  const gone = copiesOf(those('extra'));
  if (gone.length > 0)
    await askGone(
      asked,
      gone.map(({ id, epoch, version }) => ({ id, epoch, version })),
    );
  const publish = ids.filter(
    (id) => looks.get(id)?.aggregate !== undefined && looks.get(id)?.copy?.erased !== true,
  );
  if (publish.length > 0) await askOnce(asked, { kind: 'publish', ids: publish });

  const open = await untilEqual(ids, mending);
  return {
    mended: ids.length - open.size,
    left: [...open].map(([id, one]) => ({ id, reason: reasonOf(one) })),
  };
}

/** What is still not the same when nothing has moved for too long. */
async function untilEqual(ids: readonly string[], mending: Mending): Promise<ReadonlyMap<string, Look>> {
  const { asked, patienceMs } = mending;
  let [movedAt, before] = [performance.now(), ''];
  for (;;) {
    asked.signal.throwIfAborted();
    const { looks, waiting } = await look(mending, ids);
    const open = [...looks].filter(([, one]) => judge(one) !== null);
    // A copy that is newer than what the service has will not become older, whatever is waited for.
    const hopeful = open.filter(([, one]) => judge(one) !== 'ahead');
    if (hopeful.length === 0) return new Map(open);
    const now = JSON.stringify([open.length, waiting.size, await mending.service.backlog()]);
    if (now !== before) [movedAt, before] = [performance.now(), now];
    if (performance.now() - movedAt >= patienceMs) return new Map(open);
    await sleep(pauseMs, asked.signal);
  }
}

function look({ pool, asked, service }: Mending, ids: readonly string[]) {
  return lookAt({ pool, source: asked.source, service, contents: true }, ids);
}

function reasonOf(one: Look): string {
  const kind = judge(one);
  if (kind === 'ahead') return 'its copy is newer than what the service has: resync with --raise-epoch';
  return `still ${kind ?? 'open'}: see that the relay and a projector run, and the dead letters of both`;
}
