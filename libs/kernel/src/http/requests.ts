import type { FastifyInstance } from 'fastify';
import { randomUUID } from 'node:crypto';
import { Histogram, type Registry } from 'prom-client';
import type { Logger } from '../logging.js';
import { joinTrace, runInTrace } from '../trace.js';

/** The caller's request id where it is harmless in a log line, else one of our own. */
export function requestIdOf(request: {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,64}$/.test(given) ? given : randomUUID();
}

/**
 * Runs every request in its trace, and answers with its request id. Entering once is enough: Fastify binds the parsing of
 * a body, which arrives in events of the socket, to the request that it belongs to.
 */
export function traceRequests(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    const header = request.headers['traceparent'];
    void reply.header('x-request-id', request.id);
    runInTrace(joinTrace(typeof header === 'string' ? header : undefined), done);
  });
}

/** Logs every answer and measures it by route; probes and scrapes are logged at debug only. */
export function observeRequests(fastify: FastifyInstance, logger: Logger, registry: Registry): void {
  const duration = new Histogram({
    name: 'prejoin_http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  fastify.addHook('onResponse', (request, reply, done) => {
    // The pattern, never the path: ids in labels would make a time series each.
    const route = request.is404 ? 'none' : (request.routeOptions.url ?? 'none');
    const status = reply.statusCode;
    duration.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000);
    const quiet = route.startsWith('/health/') || route === '/metrics';
    const fields = {
      requestId: request.id,
      method: request.method,
      route,
      status,
      // What a command wrote: the way from a request to the aggregates that it changed.
      written: reply.getHeader('prejoin-wrote'),
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    logger[quiet ? 'debug' : 'info'](fields, 'Answered');
    done();
  });
}
