import { Controller, Get, Inject, Req, Res, type Type } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Reader } from '../reader.js';
import type { ServedView } from '../served-view.js';
import { announcement } from './announcement.js';
import { describeFields, queryOf, rethrow, sendJson, sendLines, statsBody } from './answers.js';
import { docsOf } from './docs/operations.js';
import { beginRead, tellInHeaders } from './freshness.js';
import type { Guards } from './guards.js';
import { GUARDS, READER } from './tokens.js';

/** What is said of the documents of one view, under one of its names: fields, suggestions, figures, and all as a stream. */
export function figuresController(view: ServedView, name: string): Type {
  const docs = docsOf(view, name);
  const told = announcement(view, name);

  @ApiTags(view.name)
  @Controller(`views/${name}`)
  class FiguresController {
    constructor(
      @Inject(READER) private readonly reader: Reader,
      @Inject(GUARDS) private readonly guards: Guards,
    ) {}

    @Get('_fields')
    @told
    @docs.fields
    fields(): object {
      return { data: describeFields(view) };
    }

    @Get('_suggest')
    @told
    @docs.suggest
    async suggest(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const visible = await this.guards(view, request);
      const { signal, before, told } = beginRead(this.reader, view, 'search', request, reply);
      const data = await this.reader.suggest(visible, queryOf(request), signal, before).catch(rethrow);
      sendJson(reply, JSON.stringify({ data, freshness: await told() }));
    }

    @Get('_stats')
    @told
    @docs.stats
    async stats(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const visible = await this.guards(view, request);
      const { signal, before, told } = beginRead(this.reader, view, 'search', request, reply);
      const stats = await this.reader.stats(visible, queryOf(request), signal, before).catch(rethrow);
      sendJson(reply, JSON.stringify(statsBody(stats, await told())));
    }

    @Get('_export')
    @told
    @docs.export
    async export(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
      const visible = await this.guards(view, request);
      const { signal, before, told } = beginRead(this.reader, view, 'search', request, reply);
      const chunks = await this.reader.export(visible, queryOf(request), signal, before).catch(rethrow);
      tellInHeaders(reply, await told());
      sendLines(reply, chunks, view.name);
    }
  }
  return FiguresController;
}
