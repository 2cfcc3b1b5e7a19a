import type { FastifyInstance } from 'fastify';
import type { Logger } from '../logging.js';
import { sleep } from '../time.js';

/** How a stop ended: `forced` means that the deadline passed before every request had its answer or everything closed. */
export type StopOutcome = 'drained' | 'forced';

/** Makes the answers that are given while the app stops also close their connections. */
export function closeConnectionsWhenStopping(fastify: FastifyInstance, isStopping: () => boolean): void {
  fastify.addHook('onSend', (_request, reply, payload, done) => {
    if (isStopping()) void reply.header('connection', 'close');
    done(null, payload);
  });
}

/** Stops taking connections, waits for the requests that are running, then closes the rest of the app; all by the deadline. */
export async function drainAndClose(options: {
  readonly fastify: FastifyInstance;
  readonly closeApp: () => Promise<void>;
  readonly deadlineMs: number;
  readonly logger: Logger;
}): Promise<StopOutcome> {
  const { fastify, closeApp, deadlineMs, logger } = options;
  const deadline = new AbortController();
  const passed = sleep(deadlineMs, deadline.signal).then(() => 'passed' as const);

  const { server } = fastify;
  // close() also ends idle connections; those with a request end with its answer.
  const drained = server.listening
    ? new Promise<void>((resolve, reject) => server.close((error) => (error ? reject(error) : resolve())))
    : Promise.resolve();
  const forced = (await Promise.race([drained, passed])) === 'passed';
  if (forced) {
    logger.error(
      { deadlineMs },
      'The deadline of the stop passed with requests still running; their connections are cut',
    );
    server.closeAllConnections();
  }
  const closed = closeApp();
  // A little time is kept for the rest even when the requests have used all of it.
  const last = forced ? sleep(1_000, deadline.signal).then(() => 'passed' as const) : passed;
  const late = (await Promise.race([closed, last])) === 'passed';
  if (late) logger.error({ deadlineMs }, 'The deadline of the stop passed before everything was closed');
  deadline.abort();
  return forced || late ? 'forced' : 'drained';
}

/**
 * Calls `stop` at the first SIGTERM or SIGINT. The listeners then go away, so that a second signal has its default
 * effect and ends the process at once.
 */
export function onFirstSignal(stop: (signal: NodeJS.Signals) => void): { dispose(): void } {
  const signals = ['SIGTERM', 'SIGINT'] as const;
  const dispose = (): void => signals.forEach((signal) => process.off(signal, listener));
  const listener = (signal: NodeJS.Signals): void => {
    dispose();
    stop(signal);
  };
  signals.forEach((signal) => process.on(signal, listener));
  return { dispose };
}
