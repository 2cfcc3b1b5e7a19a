import { messageOf } from '#kernel';
import { withBriefAccess } from '../brief-access.js';
import type { CliProjection } from '../with-projection.js';
import { elasticsearchFindings } from './elasticsearch.js';
import type { Finding } from './finding.js';
import { checkPostgres } from './postgres.js';
import { processChecks } from './processes.js';
import { databaseAway, projectionChecks } from './projection-database.js';
import { queryApiFindings } from './query-api.js';
import { rabbitmqCheck } from './rabbitmq.js';
import { runChecks } from './run-checks.js';
import { sceneOf, type Scene } from './scene.js';
import { serviceFindings } from './services.js';
import { workChecks } from './work.js';

/** Looks at everything, side by side; no server that does not answer keeps another one from being looked at. */
export function diagnose(
  projection: CliProjection,
  { patienceSeconds }: { readonly patienceSeconds: number },
): Promise<readonly Finding[]> {
  return withBriefAccess(projection, async ({ pool, deadlineMs }) => {
    const scene = sceneOf(projection, { pool, deadlineMs, patienceSeconds });
    const all = await Promise.all([
      databaseFindings(scene),
      serviceFindings(scene),
      runChecks([rabbitmqCheck(scene)], deadlineMs + 1_000),
      elasticsearchFindings(scene),
      queryApiFindings(scene),
    ]);
    return all.flat();
  });
}

async function databaseFindings(scene: Scene): Promise<readonly Finding[]> {
  const { pool, deadlineMs } = scene;
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    // Said once: nothing of it could be looked at.
    return [databaseAway('projection', 'PROJECTION_DATABASE_URL', messageOf(error))];
  }
  const server = {
    what: 'projection: reached',
    remedy: 'See the log of the server.',
    run: () => checkPostgres(pool, 'projection'),
  };
  const checks = [server, ...projectionChecks(scene), ...processChecks(scene), ...workChecks(scene)];
  return runChecks(checks, deadlineMs + 1_000);
}
