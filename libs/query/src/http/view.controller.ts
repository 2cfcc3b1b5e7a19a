import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req, Res, type Type } from '@nestjs/common';
import { ApiExcludeController, ApiExcludeEndpoint, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { holdsCopy } from '#kernel/http';
import type { Reader } from '../reader.js';
import type { ServedView } from '../served-view.js';
import {
  batchBody,
  cachedBy,
  describeView,
  documentUnknown,
  operationUnknown,
  pageBody,
  queryOf,
  refused,
  rethrow,
  sendJson,
  viewUnknown,
} from './answers.js';
import { announcement } from './announcement.js';
import { docsOf } from './docs/operations.js';
import { ApiViews } from './docs/views.js';
import { beginRead, tellInHeaders } from './freshness.js';
import type { Guards } from './guards.js';
import { GUARDS, READER, VIEWS } from './tokens.js';

/**
 * The documents of one view under one of its names: made so that each view has routes, parameters and schemas of its own
 * in the documentation.
 */
export function viewController(view: ServedView, name: string): Type {
  const docs = docsOf(view, name);
  const told = announcement(view, name);

  @ApiTags(view.name)
  @Controller(`views/${name}`)
  class ViewController {
    constructor(
      @Inject(READER) private readonly reader: Reader,
      @Inject(GUARDS) private readonly guards: Guards,
    ) {}

    @Get()
    @told
    @docs.list
    async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const visible = await this.guards(view, request);
      const { signal, before, told } = beginRead(this.reader, view, 'search', request, reply);
      const page = await this.reader.list(visible, queryOf(request), signal, before).catch(rethrow);
      sendJson(reply, pageBody(page, await told()));
    }

    @Post('_search')
    @HttpCode(200)
    @told
    @docs.search
    async search(
      @Body() body: unknown,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const visible = await this.guards(view, request);
      refused(request);
      const { signal, before, told } = beginRead(this.reader, view, 'search', request, reply);
      const page = await this.reader.search(visible, body, signal, before).catch(rethrow);
      sendJson(reply, pageBody(page, await told()));
    }

    @Post('_batch')
    @HttpCode(200)
    @told
    @docs.batch
    async batch(
      @Body() body: unknown,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      const visible = await this.guards(view, request);
      refused(request);
      const { signal, before, told } = beginRead(this.reader, view, 'ids', request, reply);
      const batch = await this.reader.batch(visible, body, signal, before).catch(rethrow);
      sendJson(reply, batchBody(batch, await told()));
    }

    @Get(':id')
    @told
    @docs.get
    async get(
      @Req() request: FastifyRequest<{ Params: { readonly id: string } }>,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      // Not by @Param: pipes would run on it, each with a wait of its own, and there is nothing to look at in an id.
      const { id } = request.params;
      if (id.startsWith('_')) throw operationUnknown(view, id);
      const visible = await this.guards(view, request);
      refused(request);
      const { signal, before, told } = beginRead(this.reader, view, { id }, request, reply);
      const found = await this.reader.get(visible, id, signal, before);
      const freshness = await told();
      tellInHeaders(reply, freshness);
      if (found === null) throw documentUnknown(view, freshness);
      const etag = `"${found.revision}"`;
      void reply.header('etag', etag).header('cache-control', cachedBy(view));
      if (holdsCopy(request.headers['if-none-match'], etag)) void reply.code(304).send();
      else sendJson(reply, found.source);
    }

    @Post(':operation')
    @ApiExcludeEndpoint()
    unknown(@Param('operation') operation: string): never {
      throw operationUnknown(view, operation);
    }
  }
  return ViewController;
}

/** What is said of all views, and to whom asks for one that is not there. */
@ApiTags('views')
@Controller('views')
export class ViewsController {
  constructor(@Inject(VIEWS) private readonly views: readonly ServedView[]) {}

  @Get()
  @ApiViews()
  list(): object {
    return { data: this.views.map(describeView) };
  }
}

@ApiExcludeController()
@Controller('views')
export class UnknownViewController {
  constructor(@Inject(VIEWS) private readonly views: readonly ServedView[]) {}

  @Get([':view', ':view/:rest'])
  read(@Param('view') name: string): never {
    throw viewUnknown(name, this.views);
  }

  @Post(':view/:rest')
  ask(@Param('view') name: string): never {
    throw viewUnknown(name, this.views);
  }
}
