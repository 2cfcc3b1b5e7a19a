import { Controller, Get, Inject, Param, Req, Res, type Type } from '@nestjs/common';
import { ApiExcludeController, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reader } from '../reader.js';
import type { ServedView } from '../served-view.js';
import {
  asProblem,
  describeFields,
  describeView,
  disconnection,
  documentUnknown,
  holdsCopy,
  operationUnknown,
  pageBody,
  queryOf,
  refuseParameters,
  sendJson,
  viewUnknown,
} from './answers.js';
import { ApiFields, ApiGet, ApiList } from './api-docs.js';

export const READER = Symbol('reader of views');
export const VIEWS = Symbol('views that are served');

/** A controller of one view, made so that each view has routes, parameters and schemas of its own in the documentation. */
export function viewController(view: ServedView): Type {
  @ApiTags(view.name)
  @Controller(`views/${view.name}`)
  class ViewController {
    constructor(@Inject(READER) private readonly reader: Reader) {}

    @Get()
    @ApiList(view)
    async list(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const page = await this.reader.list(view, queryOf(request), disconnection(reply)).catch(rethrow);
      sendJson(reply, pageBody(page));
    }

    @Get('_fields')
    @ApiFields(view)
    fields(): object {
      return { data: describeFields(view) };
    }

    @Get(':id')
    @ApiGet(view)
    async get(
      @Param('id') id: string,
      @Req() request: FastifyRequest,
      @Res() reply: FastifyReply,
    ): Promise<void> {
      if (id.startsWith('_')) throw operationUnknown(view, id);
      await Promise.resolve()
        .then(() => refuseParameters(request))
        .catch(rethrow);
      const found = await this.reader.get(view, id, disconnection(reply));
      if (found === null) throw documentUnknown(view);
      const etag = `"${found.revision}"`;
      void reply.header('etag', etag).header('cache-control', 'no-cache');
      if (holdsCopy(request.headers['if-none-match'], etag)) void reply.code(304).send();
      else sendJson(reply, found.source);
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
  list(): object {
    return { data: this.views.map(describeView) };
  }
}

@ApiExcludeController()
@Controller('views')
export class UnknownViewController {
  constructor(@Inject(VIEWS) private readonly views: readonly ServedView[]) {}

  @Get([':view', ':view/:rest'])
  unknown(@Param('view') name: string): never {
    throw viewUnknown(name, this.views);
  }
}

function rethrow(error: unknown): never {
  throw asProblem(error);
}
