import type { BenchSpace } from './bench-space.js';
import { nodeFlags } from '../stack/apps.js';
import { startArm, type ArmProcess } from './harness/arm-process.js';

export interface QueryApiOptions {
  /** What is started; absent is the app as its users run it. */
  readonly script?: string;
  /** Where it finds Elasticsearch; absent is the space's own. */
  readonly elasticsearchUrl?: string;
  /** Whether it tells how far its views are behind, which asks the projection's database. */
  readonly freshness?: boolean;
  /** Beside those that it always runs by. */
  readonly flags?: readonly string[];
}

/** A query API in a process of its own, on a port of its own. */
export function startQueryApiProcess(
  { databaseUrl, elasticsearchUrl, indexPrefix }: BenchSpace,
  {
    script = 'dist/apps/query-api/src/main.js',
    freshness = false,
    flags = [],
    ...more
  }: QueryApiOptions = {},
): Promise<ArmProcess> {
  const env = {
    QUERY_API_PORT: '0',
    ELASTICSEARCH_URL: more.elasticsearchUrl ?? elasticsearchUrl,
    INDEX_PREFIX: indexPrefix,
    PROJECTION_DATABASE_URL: freshness ? databaseUrl : '',
    CURSOR_SECRET: 'a secret of a benchmark',
    LOG_LEVEL: 'info',
  };
  return startArm(script, env, urlIn, [...nodeFlags['query-api'], ...flags]);
}

/** Its log says where it listens. */
function urlIn(line: string): string | null {
  const { msg, url } = JSON.parse(line) as { msg: string; url?: string };
  return msg === 'Listening' && url !== undefined ? url : null;
}
