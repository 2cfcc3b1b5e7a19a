import type { Generation, ProjectorProcess } from '#projection';
import { missingComputes } from '#projection';
import { fail, ok, warn, type Finding } from './finding.js';
import type { Check } from './run-checks.js';
import type { Scene } from './scene.js';

const remedy = 'See that the projection database answers and was migrated by this release.';

/** Who builds, and whether all of them build the same. */
export function processChecks(scene: Scene): readonly Check[] {
  return [
    { what: 'projectors: alive', remedy, run: async () => checkAlive(await scene.processes()) },
    { what: 'projectors: plans', remedy, run: () => checkPlans(scene) },
  ];
}

function checkAlive(processes: readonly ProjectorProcess[]): readonly Finding[] {
  const what = 'projectors: alive';
  const alive = processes.filter((one) => one.alive);
  const silent = processes.filter((one) => !one.alive);
  if (alive.length > 0)
    return [ok(what, `${alive.length}: ${alive.map(({ host, pid }) => `${host} ${pid}`).join(', ')}`)];
  const last = silent.at(-1);
  const seen =
    last === undefined ? '' : `; the last one was seen at ${last.seenAt.toISOString()} on ${last.host}`;
  return [
    fail(what, `none${seen}`, 'Start a projector: events and marks wait meanwhile, and nothing is lost.'),
  ];
}

async function checkPlans({ processes, generations, projection }: Scene): Promise<readonly Finding[]> {
  const what = 'projectors: plans';
  const [all, built] = await Promise.all([processes(), generations()]);
  const alive = all.filter((one) => one.alive);
  const live = built.filter(({ state }) => state === 'live');
  const { plans } = projection.declared;
  const findings: Finding[] = [];
  for (const { view, fingerprint } of plans) {
    const declared = [...new Set(alive.map((one) => one.fingerprints[view] ?? 'none'))];
    if (declared.length > 1)
      findings.push(
        warn(
          what,
          `running projectors declare ${view} in ${declared.length} ways`,
          'A deploy has two releases for a while; when it is over, stop the projectors of the old one (npx prejoin status lists them).',
        ),
      );
    else if (declared[0] !== undefined && declared[0] !== fingerprint)
      findings.push(
        warn(
          what,
          `the running projectors declare ${view} otherwise than this command line`,
          'Run the command line of the release that is deployed.',
        ),
      );
    const served = live.find((one) => one.view === view);
    if (served !== undefined && served.fingerprint !== fingerprint)
      findings.push(warn(what, `${view} is served as it was declared before`, `npx prejoin rebuild ${view}`));
  }
  findings.push(
    ...unbuildable(built, alive),
    ...undeclared(
      live,
      plans.map(({ view }) => view),
    ),
  );
  return findings.length > 0
    ? findings
    : [ok(what, `what runs, what is served and this code declare the same ${plans.length} views`)];
}

/** Generations whose functions no running process has: their marks wait for ever. */
function unbuildable(built: readonly Generation[], alive: readonly ProjectorProcess[]): readonly Finding[] {
  if (alive.length === 0) return [];
  return built
    .filter(
      ({ plan }) => !alive.some(({ computes }) => missingComputes(plan, new Set(computes)).length === 0),
    )
    .map(({ indexName, view }) =>
      fail(
        'projectors: plans',
        `no running projector has the functions of ${indexName}`,
        `Start one of the release that declared it, or build the view anew: npx prejoin rebuild ${view}`,
      ),
    );
}

function undeclared(live: readonly Generation[], declared: readonly string[]): readonly Finding[] {
  return live
    .filter(({ view }) => !declared.includes(view))
    .map(({ view }) =>
      warn(
        'projectors: plans',
        `${view} is served, and this code does not declare it`,
        `If it was taken out: npx prejoin drop-view ${view}`,
      ),
    );
}
