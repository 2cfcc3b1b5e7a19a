import { pino, type DestinationStream, type Logger as PinoLogger } from 'pino';
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
  return pino({ level, base: { app }, mixin, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** A logger that says nothing, for tests and for callers that have no use for logs. */
export const silentLogger: Logger = pino({ level: 'silent' });
