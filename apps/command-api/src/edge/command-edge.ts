import { createParamDecorator, Param, type ExecutionContext } from '@nestjs/common';
import { CommandBus, type Command } from '@nestjs/cqrs';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { EntityManager } from 'typeorm';
import { formatWrites } from '#kernel';
import { holdsCopy, invalidRequest } from '#kernel/http';
import { inTransaction, type Transaction } from '#outbox';
import type { ExpectedVersion } from '../aggregate/aggregate.js';
import type { Outcome, Resource, Written } from '../aggregate/outcome.js';
import type { ServiceRuntime } from '../services/service-runtime.js';
import { commandProblem } from './command-problems.js';
import { uuid } from './fields.js';
import { claimKey, idempotentRequest, storeAnswer, type CommandAnswer } from './idempotency.js';
import { etagOf, expectedVersion } from './preconditions.js';

/** One request and its reply: what a controller hands to the edge. */
export interface Exchange {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

export const ThisExchange = createParamDecorator((_: unknown, context: ExecutionContext): Exchange => {
  const http = context.switchToHttp();
  return { request: http.getRequest(), reply: http.getResponse() };
});

export const PathId = (): ParameterDecorator => Param('id', { schema: uuid });

/** Makes the command of a request, inside its transaction. */
export type MakeCommand<R extends Resource | null> = (
  tx: Transaction,
  expected: ExpectedVersion,
) => Command<Outcome<R>>;

/** Turns requests into commands of one service, each in one transaction, and their outcomes into answers. */
export class CommandEdge {
  constructor(
    private readonly service: ServiceRuntime,
    private readonly bus: CommandBus,
  ) {}

  /** 201 with the new resource and its `Location` under `collection`. */
  create<R extends Resource>(
    exchange: Exchange,
    collection: string,
    make: MakeCommand<R>,
  ): Promise<string | null> {
    return this.#run(exchange, make, ({ resource, written }) => ({
      status: 201,
      headers: { ...headersOf(resource, written), location: `${collection}/${resource.id}` },
      body: JSON.stringify(resource),
    }));
  }

  /** 200 with the changed resource, or 204 when it is gone. */
  change<R extends Resource | null>(exchange: Exchange, make: MakeCommand<R>): Promise<string | null> {
    return this.#run(exchange, make, ({ resource, written }) => ({
      status: resource === null ? 204 : 200,
      headers: headersOf(resource, written),
      body: resource === null ? null : JSON.stringify(resource),
    }));
  }

  /** `change` for commands that are all said by their path: a body with anything in it is refused. */
  act<R extends Resource | null>(exchange: Exchange, make: MakeCommand<R>): Promise<string | null> {
    refuseBody(exchange.request.body);
    return this.change(exchange, make);
  }

  /** 200 with the resource, or 304 when the caller has it. */
  async read<R extends Resource>(
    { request, reply }: Exchange,
    find: (db: EntityManager) => Promise<R>,
  ): Promise<string | null> {
    try {
      const resource = await find(this.service.dataSource.manager);
      const known = holdsCopy(request.headers['if-none-match'], etagOf(resource.version));
      const body = known ? null : JSON.stringify(resource);
      return send(reply, { status: known ? 304 : 200, headers: { etag: etagOf(resource.version) }, body });
    } catch (error) {
      throw commandProblem(error);
    }
  }

  async #run<R extends Resource | null>(
    { request, reply }: Exchange,
    make: MakeCommand<R>,
    answerOf: (outcome: Outcome<R>) => CommandAnswer,
  ): Promise<string | null> {
    const expected = expectedVersion(request.headers['if-match']);
    const idempotent = idempotentOf(request);
    let written: readonly Written[] = [];
    const work = async (tx: Transaction): Promise<CommandAnswer> => {
      const earlier = idempotent === null ? null : await claimKey(tx, idempotent);
      if (earlier !== null)
        return { ...earlier, headers: { ...earlier.headers, 'idempotency-replayed': 'true' } };
      const outcome = await this.bus.execute(make(tx, expected));
      written = outcome.written;
      const answer = answerOf(outcome);
      if (idempotent !== null) await storeAnswer(tx, idempotent, answer);
      return answer;
    };
    try {
      const answer = await inTransaction(this.service.dataSource, work);
      this.service.wakeRelay();
      this.#logEvents(written);
      return send(reply, answer);
    } catch (error) {
      throw commandProblem(error);
    }
  }

  /** With the request's trace beside it, so that an event can be followed from here through relay and projector. */
  #logEvents(written: readonly Written[]): void {
    for (const { eventId, source, id, version } of written) {
      if (eventId !== undefined)
        this.service.logger.debug({ eventId, source, id, version }, 'Event committed');
    }
  }
}

function headersOf(resource: Resource | null, written: readonly Written[]): Record<string, string> {
  return {
    'prejoin-wrote': formatWrites(written.map(({ epoch = 0, ...write }) => ({ ...write, epoch }))),
    ...(resource !== null && { etag: etagOf(resource.version) }),
  };
}

/** Other methods are idempotent by themselves, so only POST takes a key. */
function idempotentOf({ method, url, headers, body }: FastifyRequest): ReturnType<typeof idempotentRequest> {
  if (method !== 'POST') return null;
  const [path = ''] = url.split('?', 1);
  return idempotentRequest({ key: headers['idempotency-key'], method, path, body });
}

function refuseBody(body: unknown): void {
  if (body === undefined || body === null) return;
  const keys = typeof body === 'object' && !Array.isArray(body) ? Object.keys(body) : [''];
  if (keys.length === 0) return;
  const detail = 'is not a property of this request, which needs no body';
  throw invalidRequest(keys.map((key) => ({ pointer: key && `/${key}`, code: 'unknown_property', detail })));
}

/** The body is the text that an idempotency key keeps, so that a repeat gets the same bytes. */
function send(reply: FastifyReply, { status, headers, body }: CommandAnswer): string | null {
  void reply.status(status).headers(headers);
  if (body !== null) void reply.type('application/json; charset=utf-8');
  return body;
}
