import { describe, expect, test } from '@jest/globals';
import { fastify, type FastifyInstance } from 'fastify';
import { allowOrigins } from './cors.js';

function served(origins: readonly string[]): FastifyInstance {
  const server = fastify();
  allowOrigins(server, origins);
  server.get('/', (_request, reply) => reply.send('{}'));
  return server;
}

const preflight = (server: FastifyInstance, origin: string) =>
  server.inject({
    method: 'OPTIONS',
    url: '/any/path',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,prejoin-after',
    },
  });

describe('Pages of other origins', () => {
  test('of any kind may read what is said when any origin is allowed, in answers that caches may share', async () => {
    const { headers } = await served(['*']).inject({ url: '/', headers: { origin: 'https://shop.example' } });
    expect(headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': expect.stringMatching(/ETag.*Prejoin-Lag-Ms.*Link/) as unknown,
    });
    expect(headers.vary).toBeUndefined();
  });

  test('may read when they are listed, and others may not, which caches are told', async () => {
    const server = served(['https://shop.example', 'https://staff.example']);
    const of = async (origin?: string) =>
      (await server.inject({ url: '/', headers: origin === undefined ? {} : { origin } })).headers;
    expect(await of('https://staff.example')).toMatchObject({
      'access-control-allow-origin': 'https://staff.example',
      vary: 'Origin',
    });
    for (const headers of [await of('https://else.example'), await of()]) {
      expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(headers.vary).toBe('Origin');
    }
  });

  test('ask before they send, and are told what they may send', async () => {
    const answer = await preflight(served(['*']), 'https://shop.example');
    expect([answer.statusCode, answer.body]).toEqual([204, '']);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, POST',
      'access-control-allow-headers': 'content-type,prejoin-after',
      'access-control-max-age': '3600',
      vary: 'Access-Control-Request-Headers',
    });
  });

  test('that are not listed are not let in when they ask before', async () => {
    const { headers } = await preflight(served(['https://shop.example']), 'https://else.example');
    expect(headers['access-control-allow-origin']).toBeUndefined();
    expect(headers.vary).toBe('Origin, Access-Control-Request-Headers');
  });

  test('who only ask for options are answered by whatever serves there', async () => {
    const answer = await served(['*']).inject({ method: 'OPTIONS', url: '/' });
    expect(answer.statusCode).toBe(404);
  });
});
