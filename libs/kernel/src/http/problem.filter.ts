import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from '../logging.js';
import { currentTrace } from '../trace.js';
import { problemOf, type StatusOfCode } from './problem.js';

/** Answers everything that is thrown while a request is handled, and logs what is the server's own fault. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly statusOfCode: StatusOfCode,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
  }

  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const { problem, headers } = problemOf(thrown, this.statusOfCode);
    const fields = {
      requestId: request.id,
      code: problem.code,
      method: request.method,
      route: request.routeOptions?.url,
    };
    // pino writes `err` with its stack and every cause; `detail` may hold what the caller sent, so it stays out.
    if (problem.status >= 500) this.logger.error({ ...fields, err: thrown }, 'A request failed');
    else this.logger.debug({ ...fields, err: thrown }, 'A request was refused');

    if (reply.sent) return;
    const [instance] = request.url.split('?', 1);
    void reply
      .status(problem.status)
      .headers(headers)
      .type('application/problem+json; charset=utf-8')
      .send(JSON.stringify({ ...problem, instance, traceId: currentTrace()?.traceId }));
  }
}
