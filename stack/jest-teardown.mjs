// Jest's global tear-down: runs in the same process as the set-up.
const log = (line) => process.stderr.write(`${line}\n`);

export default async function tearDown() {
  const servers = globalThis.prejoinServers;
  if (servers === undefined) return;
  const { dropDatabases, removePrivateServers } = await import('../dist/stack/index.js');
  try {
    // A test file that failed in the middle, or forgot `dispose`; the next runs shall not pay for it.
    const left = await dropDatabases(servers.urls.postgres, `t_${process.env.PREJOIN_TEST_RUN}`);
    if (left.length > 0) log(`Dropped what tests left behind: ${left.join(', ')}`);
    const killed = await removePrivateServers();
    if (killed.length > 0) log(`Killed private servers that tests left behind: ${killed.join(', ')}`);
  } finally {
    await servers.release();
  }
}
