import { bringUp, writeEnvFile } from './bring-up.js';
import { StackError } from './errors.js';
import { stopStartedServers } from './servers.js';

const envFile = '.prejoin/stack.env';
const usage = `Usage: npm run stack            starts what does not run yet, and holds it until Ctrl-C
       npm run stack -- stop    stops what a stack started, never what it found
`;

const log = (line: string): void => void process.stdout.write(`${line}\n`);

/** Starts listening at once, so that a Ctrl-C during the start is not lost, and resolves at the first signal. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
}

async function hold(): Promise<void> {
  const signal = firstSignal();
  const prefix = process.env['PREJOIN_DATABASE_PREFIX'] ?? '';
  const stack = await bringUp({ log, databasePrefix: prefix });
  try {
    writeEnvFile(envFile, stack.env);
    log(`Addresses and passwords: ${envFile} (node --env-file=${envFile} …)`);
    log('Ready. Ctrl-C stops what was started.');
    // A pending promise alone does not keep Node alive.
    const alive = setInterval(() => undefined, 2 ** 30);
    await signal;
    clearInterval(alive);
  } finally {
    await stack.stop();
  }
}

async function main(args: readonly string[]): Promise<void> {
  const [command = 'start', ...rest] = args;
  if (rest.length > 0 || !['start', 'stop'].includes(command)) {
    process.stderr.write(usage);
    process.exitCode = 2;
    return;
  }
  if (command === 'start') return hold();
  const stopped = await stopStartedServers({ log });
  if (stopped.length === 0) log('No stack has started a server that still runs.');
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${error instanceof StackError ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
});
