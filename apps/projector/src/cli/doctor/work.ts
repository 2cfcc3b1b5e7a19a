import { countDeadLetters, oldestFanOut, pauseKey, waitingMarks, type Pause } from '#projection';
import { grouped } from '../output.js';
import { formatAge } from '../table.js';
import { fail, ok, warn, type Finding } from './finding.js';
import type { Check } from './run-checks.js';
import type { Scene } from './scene.js';

const remedy = 'See that the projection database answers and was migrated by this release.';

/** Whether what waits is worked on, and what nobody could work on. */
export function workChecks(scene: Scene): readonly Check[] {
  return [
    { what: 'work: marks', remedy, run: () => checkMarks(scene) },
    { what: 'work: fan-out', remedy, run: () => checkFanOut(scene) },
    { what: 'work: generations', remedy, run: () => checkGenerations(scene) },
    { what: 'work: paused', remedy, run: () => checkPauses(scene) },
    { what: 'work: dead letters', remedy, run: () => checkDeadLetters(scene) },
  ];
}

async function checkMarks({ pool, patienceSeconds, pauses }: Scene): Promise<readonly Finding[]> {
  const what = 'work: marks';
  const [waiting, paused] = await Promise.all([waitingMarks(pool), pauses()]);
  const late = waiting.filter(
    ({ view, oldestSeconds }) => oldestSeconds > patienceSeconds && !isPaused(paused, `view:${view}`),
  );
  const count = waiting.reduce((sum, { direct, bulk }) => sum + direct + bulk, 0);
  if (late.length === 0) return [ok(what, `${grouped(count)} wait, none for long`)];
  return [
    warn(
      what,
      late
        .map(
          ({ view, direct, bulk, oldestSeconds }) =>
            `${view}: ${direct + bulk} wait, the oldest for ${formatAge(oldestSeconds)}`,
        )
        .join('; '),
      'See whether projectors run and what their log says; npx prejoin status --watch shows whether it becomes less.',
    ),
  ];
}

async function checkFanOut({ pool, patienceSeconds, pauses }: Scene): Promise<readonly Finding[]> {
  const what = 'work: fan-out';
  const [oldest, paused] = await Promise.all([oldestFanOut(pool), pauses()]);
  const { rows } = await pool.query<{ stuck: number }>(
    'SELECT count(*)::int AS stuck FROM fan_out_job WHERE attempts > 2',
  );
  const stuck = rows[0]?.stuck ?? 0;
  if (stuck > 0)
    return [
      warn(
        what,
        `${stuck} jobs failed again and again`,
        'The log of the projectors has the reason of each: npx prejoin jobs list',
      ),
    ];
  if (oldest === null || oldest <= patienceSeconds || isPaused(paused, 'fan-out'))
    return [ok(what, oldest === null ? 'nothing waits' : `the oldest key waits for ${formatAge(oldest)}`)];
  return [
    warn(
      what,
      `the oldest key waits for ${formatAge(oldest)}`,
      'A wide change takes its time: npx prejoin status shows how far it is. If it does not move, see the log of the projectors.',
    ),
  ];
}

function isPaused(pauses: readonly Pause[], key: string): boolean {
  return pauses.some(({ what }) => pauseKey(what) === key);
}

async function checkGenerations({ generations, projection }: Scene): Promise<readonly Finding[]> {
  const what = 'work: generations';
  const all = await generations();
  const stopped = all.filter((one) => one.stopped !== null);
  const live = all.filter(({ state }) => state === 'live').map(({ view }) => view);
  const without = projection.declared.plans.map(({ view }) => view).filter((view) => !live.includes(view));
  return [
    ...(without.length === 0
      ? []
      : [fail(what, `nothing is served of ${without.join(', ')}`, 'Start a projector of this release.')]),
    ...stopped.map(({ view, indexName, stopped: reason }) =>
      fail(
        what,
        `nothing is written to ${indexName}: ${reason}`,
        `Open the index again if it was closed, and building goes on; if it is gone: npx prejoin rebuild ${view}`,
      ),
    ),
    ...(without.length + stopped.length === 0 ? [ok(what, `${all.length}, all written to`)] : []),
  ];
}

async function checkPauses({ pauses }: Scene): Promise<readonly Finding[]> {
  const what = 'work: paused';
  const all = await pauses();
  if (all.length === 0) return [ok(what, 'nothing')];
  return all.map((pause) => {
    const key = pauseKey(pause.what);
    const why = pause.reason === null ? '' : `: ${pause.reason}`;
    return warn(
      what,
      `${key} since ${pause.since.toISOString()} by ${pause.by}${why}`,
      `npx prejoin resume ${key}`,
    );
  });
}

async function checkDeadLetters({ pool }: Scene): Promise<readonly Finding[]> {
  const what = 'work: dead letters';
  const open = Object.entries(await countDeadLetters(pool)).filter(([, count]) => count > 0);
  if (open.length === 0) return [ok(what, 'none open')];
  return [
    warn(
      what,
      open.map(([kind, count]) => `${count} ${kind}`).join(', '),
      'npx prejoin dead-letters list shows why; retry them when the cause is gone, or discard them.',
    ),
  ];
}
