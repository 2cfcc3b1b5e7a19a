import type { LoggerService } from '@nestjs/common';
import type { Logger } from '../logging.js';

/**
 * Lets Nest's own words go where the app's go. nestjs-pino would do it too, but logs requests from a middleware, which
 * Fastify does not run for what its router and body parser refuse.
 */
export function nestLogger(logger: Logger): LoggerService {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: unknown, ...rest: unknown[]): void => {
      const context = rest.at(-1);
      const stack = rest.length > 1 ? rest[0] : undefined;
      const fields = {
        ...(typeof context === 'string' && { context }),
        ...(typeof stack === 'string' && { stack }),
      };
      if (message instanceof Error) logger[level]({ ...fields, err: message }, message.message);
      else logger[level](fields, typeof message === 'string' ? message : JSON.stringify(message));
    };
  return {
    log: write('debug'),
    warn: write('warn'),
    error: write('error'),
    fatal: write('error'),
    debug: write('debug'),
    verbose: write('debug'),
  };
}
