import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startPrivateElasticsearch, type PrivateServer } from './index.js';

let server: PrivateServer;

beforeAll(async () => {
  server = await startPrivateElasticsearch();
}, 180_000);

afterAll(() => server.dispose(), 60_000);

async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: unknown }> {
  const response = await fetch(server.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

test('an acknowledged document survives a kill, and indices are never made by writing to them', async () => {
  expect(
    (await call('PUT', '/kept', { mappings: { dynamic: 'strict', properties: { n: { type: 'long' } } } }))
      .status,
  ).toBe(200);
  expect((await call('PUT', '/kept/_doc/1', { n: 1 })).status).toBe(201);
  expect((await call('PUT', '/absent/_doc/1', { n: 1 })).status).toBe(404);

  await server.kill();
  await expect(call('GET', '/kept/_doc/1')).rejects.toThrow('fetch failed');
  await server.start();
  expect((await call('GET', '/kept/_doc/1')).body).toMatchObject({ found: true, _source: { n: 1 } });
}, 240_000);
