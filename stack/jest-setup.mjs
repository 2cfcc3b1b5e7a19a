// Jest's global set-up: plain JavaScript, since it runs before anything is transformed.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from '../scripts/ensure-build.mjs';

const log = (line) => process.stderr.write(`${line}\n`);

/** What this set-up itself needs compiled; only tests of whole apps need the rest. */
const ownSources = ['stack', 'libs/kernel'];

export default async function setUp({ testPathPatterns }) {
  const { patterns } = testPathPatterns;
  const needsApps = patterns.length === 0 || !patterns.every((pattern) => /^(libs|stack)\//.test(pattern));
  ensureBuild(log, needsApps ? undefined : ownSources);
  const { bringUpServers, removePrivateServers } = await import('../dist/stack/index.js');
  await removePrivateServers();
  const servers = await bringUpServers({ log, holder: 'tests', shortLived: true });
  // Workers are started with this environment.
  process.env.POSTGRES_URL = servers.urls.postgres;
  process.env.RABBITMQ_URL = servers.urls.rabbitmq;
  process.env.ELASTICSEARCH_URL = servers.urls.elasticsearch;
  process.env.PREJOIN_TEST_RUN = randomBytes(2).toString('hex');
  // Tests start the CLI and the apps some two hundred times; a third of each start is compiling what was compiled before.
  process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
    new URL('../node_modules/.cache/compiled', import.meta.url),
  );
  globalThis.prejoinServers = servers;
}
