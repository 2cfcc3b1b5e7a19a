import {
  type BeforeApplicationShutdown,
  Body,
  Controller,
  Get,
  Module,
  Param,
  Post,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { z } from 'zod';
import { PrejoinError } from '../errors.js';
import { currentTrace } from '../trace.js';
import { bootstrapApp, type RunningApp } from './bootstrap.js';
import { ApiProblems, bodySchema } from './request-schema.js';

const noteSchema = bodySchema(
  { text: z.string().min(1), lines: z.array(z.strictObject({ quantity: z.int().min(1) })) },
  { text: 'a note', lines: [{ quantity: 2 }] },
);

let release: (() => void) | null = null;
let entered: Promise<void>;
let enter: () => void;
const closed: string[] = [];

@Controller('notes')
class NotesController implements BeforeApplicationShutdown, OnApplicationShutdown {
  @Post()
  @ApiProblems({ 400: 'The note is not valid.' })
  write(@Body({ schema: noteSchema }) note: z.infer<typeof noteSchema>) {
    return { note, trace: currentTrace()?.traceparent };
  }

  @Get('slow')
  async slow() {
    enter();
    await new Promise<void>((resolve) => (release = resolve));
    closed.push('answered');
    return { late: true };
  }

  @Get('broken')
  broken() {
    throw new Error('password=hunter2 in relation "accounts"');
  }

  @Get('known')
  known() {
    throw new PrejoinError('note_locked', 'The note is locked.', { remedy: 'Wait for its owner.' });
  }

  @Get('unlisted')
  unlisted() {
    throw new PrejoinError('note_secret', 'secret words');
  }

  @Get(':id')
  read(@Param('id', { schema: z.uuid() }) id: string) {
    return { id };
  }

  beforeApplicationShutdown() {
    closed.push('closing');
  }

  onApplicationShutdown() {
    closed.push('closed');
  }
}

@Module({ controllers: [NotesController] })
class NotesModule {}

const logs: Record<string, unknown>[] = [];
const logger = pino(
  { level: 'debug' },
  { write: (line: string) => void logs.push(JSON.parse(line) as Record<string, unknown>) },
);
let away: string | null = null;
let running: RunningApp;

async function start(shutdownTimeoutMs = 5_000): Promise<RunningApp> {
  return bootstrapApp({
    module: NotesModule,
    port: 0,
    host: '127.0.0.1',
    logger,
    shutdownTimeoutMs,
    openapi: { title: 'Notes', description: 'Notes.', version: '1' },
    registry: new Registry(),
    dependencies: () => [
      { name: 'store', check: () => (away === null ? Promise.resolve() : Promise.reject(new Error(away))) },
    ],
    statusOfCode: { note_locked: 423 },
    signals: 'off',
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

async function send(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${running.url}${path}`, init);
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

const post = (body: string, headers: Record<string, string> = {}) =>
  send('/notes', { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } });

describe('an app made by bootstrapApp', () => {
  beforeEach(async () => {
    entered = new Promise((resolve) => (enter = resolve));
    logs.length = closed.length = 0;
    away = null;
    running = await start();
  });
  afterEach(() => running.stop());

  it('answers all faults of a body at once, each with its pointer', async () => {
    const { status, headers, body } = await post('{"text":"","lines":[{"quantity":0,"a/b":1}],"x":1,"y":2}');
    expect(status).toBe(400);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({
      type: 'about:blank',
      status: 400,
      code: 'validation_failed',
      instance: '/notes',
    });
    const faults = body['errors'] as { pointer: string; code: string }[];
    expect(faults.map(({ pointer, code }) => [pointer, code]).sort()).toEqual([
      ['/lines/0/a~1b', 'unknown_property'],
      ['/lines/0/quantity', 'too_small'],
      ['/text', 'too_small'],
      ['/x', 'unknown_property'],
      ['/y', 'unknown_property'],
    ]);
  });

  it('refuses text that PostgreSQL could not store', async () => {
    expect((await post('{"text":"a\\u0000b","lines":[]}')).body).toMatchObject({
      code: 'validation_failed',
      errors: [{ pointer: '/text', code: 'text_not_storable' }],
    });
    expect((await post('{"text":"\\ud800","lines":[]}')).status).toBe(400);
    expect((await post('{"text":"\\ud83d\\ude00","lines":[]}')).status).toBe(201);
  });

  it('survives a body that is nothing but depth, and one that is nothing but unknown keys', async () => {
    const deep = `{"text":${'['.repeat(100_000)}${']'.repeat(100_000)},"lines":[]}`;
    expect((await post(deep)).body).toMatchObject({ status: 400, code: 'validation_failed' });
    const wide = JSON.stringify(Object.fromEntries(Array.from({ length: 9_000 }, (_, n) => [`key${n}`, n])));
    const { status, body } = await post(wide);
    expect(status).toBe(400);
    expect(body['errors']).toHaveLength(100);
    expect(body['detail']).toMatch(/^9002 fault/);
  });

  it.each([
    ['a body that does not parse', '{"text":', {}, 400, 'malformed_request'],
    ['an empty body', '', {}, 400, 'malformed_request'],
    [
      'a poisoned prototype',
      '{"text":"a","lines":[],"__proto__":{"admin":true}}',
      {},
      400,
      'malformed_request',
    ],
    [
      'a poisoned constructor',
      '{"text":"a","lines":[],"constructor":{"prototype":{}}}',
      {},
      400,
      'malformed_request',
    ],
    [
      'a body over the limit',
      JSON.stringify({ text: 'x'.repeat(300_000), lines: [] }),
      {},
      413,
      'body_too_large',
    ],
    ['a foreign media type', '<a/>', { 'content-type': 'application/xml' }, 415, 'media_type_unsupported'],
    [
      'a media type behind a tab',
      '<a/>',
      { 'content-type': 'application/json\t; charset=x, text/plain' },
      400,
      'malformed_request',
    ],
    ['no object at all', '3', {}, 400, 'validation_failed'],
  ])('refuses %s with a problem', async (_name, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect(answer.body).toMatchObject({ status, code });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });

  it('names the parameter of the URL that is wrong', async () => {
    expect((await send('/notes/7')).body).toMatchObject({
      code: 'validation_failed',
      errors: [{ parameter: 'id' }],
    });
  });

  it('answers an unknown route and a malformed URL with a problem', async () => {
    expect((await send('/nothing?secret=1')).body).toMatchObject({
      status: 404,
      code: 'route_not_found',
      instance: '/nothing',
    });
    expect((await send('/notes/%zz')).body).toMatchObject({ status: 400, code: 'malformed_request' });
  });

  it('answers what the HTTP parser refuses with a problem as well', async () => {
    const tooLong = await fetch(`${running.url}/things?text=${'a'.repeat(20_000)}`);
    expect(tooLong.headers.get('content-type')).toContain('application/problem+json');
    expect(await tooLong.json()).toMatchObject({ status: 431, code: 'headers_too_large' });

    const socket = connect(Number(new URL(running.url).port), '127.0.0.1');
    socket.write('BREW /coffee\r\n\r\n');
    const answer = await textOf(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain('"code":"malformed_request"');
  });

  it('says nothing about an unknown error, and logs it with its cause under the trace id of the answer', async () => {
    const { status, body } = await send('/notes/broken');
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'internal_error' });
    expect(JSON.stringify(body)).not.toMatch(/hunter2|accounts|broken\.|node_modules/);
    const line = logs.find(({ msg }) => msg === 'A request failed');
    expect(JSON.stringify(line)).toContain('hunter2');
  });

  it('shows the message of a PrejoinError only when its code is listed with a status', async () => {
    expect((await send('/notes/known')).body).toMatchObject({
      status: 423,
      code: 'note_locked',
      detail: 'The note is locked. Wait for its owner.',
    });
    const hidden = await send('/notes/unlisted');
    expect(hidden.body).toMatchObject({ status: 500, code: 'internal_error' });
    expect(JSON.stringify(hidden.body)).not.toContain('secret');
  });

  it('carries the trace of the caller into handlers of requests with a body', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const parent = '00f067aa0ba902b7';
    const traced = { traceparent: `00-${traceId}-${parent}-01`, 'x-request-id': 'my-request' };
    const headers = { 'content-type': 'application/json', ...traced };
    const arrived = once(running.app.getHttpServer(), 'request');
    const request = httpRequest(`${running.url}/notes`, { method: 'POST', headers });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    // In two pieces, so that the second comes in an event of the socket, outside of all that the first one began.
    const body = JSON.stringify({ text: 'x'.repeat(200_000), lines: [] });
    request.write(body.slice(0, 10));
    await arrived;
    request.end(body.slice(10));
    const [response] = await answered;
    const { trace } = JSON.parse(await textOf(response)) as { trace: string };
    expect(trace).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(trace).not.toContain(parent);
    expect(response.headers['x-request-id']).toBe('my-request');
  });

  it('says which dependency is away, and is ready only without one', async () => {
    expect(await send('/health/ready')).toMatchObject({ status: 200, body: { status: 'ready' } });
    await running.stop();
    away = 'connection refused';
    running = await start();
    const answer = await send('/health/ready');
    expect(answer).toMatchObject({ status: 503, body: { status: 'not ready' } });
    expect(answer.body['dependencies']).toEqual({ store: { up: false, reason: 'connection refused' } });
    expect((await send('/health/live')).status).toBe(200);
  });

  it('measures requests by the pattern of their route, never by their path', async () => {
    await send('/notes/0192f0c1-3f6e-7cc3-8000-000000000001');
    const text = await (await fetch(`${running.url}/metrics`)).text();
    expect(text).toContain(
      'prejoin_http_request_duration_seconds_count{method="GET",route="/notes/:id",status="200"} 1',
    );
    expect(text).toContain('process_cpu_user_seconds_total');
    expect(text).not.toContain('0192f0c1');
  });

  it('documents the body from the schema that validates it, with an example that is accepted', async () => {
    const document = (await send('/docs-json')).body as unknown as typeof running.openapi;
    const operation = document.paths['/notes']!.post!;
    const { schema } = (
      operation.requestBody as { content: Record<string, { schema: { example: unknown } }> }
    ).content['application/json']!;
    expect(schema).toMatchObject({ additionalProperties: false, required: ['text', 'lines'] });
    expect((await post(JSON.stringify(schema.example))).status).toBe(201);
    expect((await fetch(`${running.url}/docs`)).headers.get('content-type')).toMatch(/html/);
  });

  it('lets a running request end before anything is closed, and ends its connection with it', async () => {
    const agent = new Agent({ keepAlive: true });
    const answered = new Promise<{ status?: number; connection?: string }>((resolve, reject) => {
      httpRequest(`${running.url}/notes/slow`, { agent }, (response) => {
        response.resume();
        response.on('end', () =>
          resolve({ status: response.statusCode!, connection: response.headers.connection! }),
        );
      })
        .on('error', reject)
        .end();
    });
    await entered;
    const stopped = running.stop();
    await expect(fetch(`${running.url}/notes/broken`)).rejects.toThrow();
    release!();
    expect(await answered).toEqual({ status: 200, connection: 'close' });
    expect(await stopped).toBe('drained');
    expect(closed).toEqual(['answered', 'closing', 'closed']);
    agent.destroy();
  });

  it('cuts what still runs at the deadline and says so', async () => {
    await running.stop();
    running = await start(50);
    const cut = fetch(`${running.url}/notes/slow`).catch(() => 'cut');
    await entered;
    expect(await running.stop()).toBe('forced');
    expect(await cut).toBe('cut');
    release!();
  });

  it('names the address that it can not have', async () => {
    const port = Number(new URL(running.url).port);
    const second = bootstrapApp({
      module: NotesModule,
      port,
      host: '127.0.0.1',
      logger,
      shutdownTimeoutMs: 100,
      openapi: { title: 'n', description: 'n', version: '1' },
      registry: new Registry(),
      dependencies: () => [],
      signals: 'off',
    });
    await expect(second).rejects.toMatchObject({ code: 'listen_failed' });
  });
});
