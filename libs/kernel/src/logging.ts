import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
import { systemClock } from './time.js';
import { currentTrace } from './trace.js';

/** The log port of every core: structured fields first, then the sentence. */
export type Logger = Pick<PinoLogger, 'debug' | 'info' | 'warn' | 'error'> & {
  child(fields: object): Logger;
};

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A logger that writes JSON lines, each with the trace that it was written in; secrets in connection URLs are the caller's to keep out. */
export function createLogger(
  app: string,
  level: LogLevel,
  destination: DestinationStream = pino.destination(1),
): PinoLogger {
  const mixin = (): object => {
    const trace = currentTrace();
    return trace === null ? {} : { traceId: trace.traceId };
  };
  return pino({ level, base: { app }, mixin, timestamp: isoTime }, destination);
}

let second = NaN;
let written = '';

/** As pino's own, which makes a date of every line: most of it is the same for a second. */
function isoTime(): string {
  const now = systemClock.now().getTime();
  const ms = now % 1_000;
  if (now - ms !== second) {
    second = now - ms;
    written = new Date(second).toISOString().slice(0, -'000Z'.length);
  }
  return `,"time":"${written}${String(ms).padStart(3, '0')}Z"`;
}

/** A logger that says nothing, for tests and for callers that have no use for logs. */
export const silentLogger: Logger = pino({ level: 'silent' });
