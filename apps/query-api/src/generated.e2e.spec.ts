import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { customerOverview, orderSearch } from '#commerce';
import { compile } from '#views';
import fc from 'fast-check';
import { answerCheck, type Answer, type Operation } from './testing/answers.js';
import { listings, places } from './testing/listings.js';
import { line, orderDocument, type OrderDocument } from './testing/orders.js';
import { withHeaders } from './testing/request-headers.js';
import { generatedRequests, type Generated } from './testing/requests.js';
import { serve, type Contents, type Served } from './testing/serve.js';
import { tenantDocuments, tenantOrders, tenantVocabulary } from './testing/tenant-orders.js';
import { asCaller, callers, guardByHeader } from './testing/tenants.js';

/** `QUERY_REQUESTS=50000` asks more of them, `QUERY_SEED` the same again. */
const count = Number(process.env['QUERY_REQUESTS'] ?? 1_500);
// The same requests each time; QUERY_SEED asks others.
const seed = Number(process.env['QUERY_SEED'] ?? 7);
/** Requests under way at once. */
const abreast = 8;

const statuses = ['pending', 'confirmed', 'cancelled'];
const orders = Array.from({ length: 60 }, (_, at) =>
  orderDocument(`o${at}`, {
    status: statuses[at % 3],
    total: at * 100,
    placedAt: new Date(Date.UTC(2026, at % 8, 1 + (at % 28), at % 24)).toISOString(),
    ...(at % 7 === 0 ? { customer: null } : {}),
    lines: Array.from({ length: at % 3 }, (__, nth) => line('ABC'[nth] ?? 'D', nth + 1, 'Blue lamp <b>')),
    ...(at % 4 === 0 ? { payment: { status: 'paid', paidAt: '2026-05-02T10:00:00.000Z' } } : {}),
  }),
);
const customers: OrderDocument[] = Array.from({ length: 10 }, (_, at) => ({
  id: `c${at}`,
  name: `Anna ${at}`,
  email: `a${at}@shop.example`,
  tier: at % 2 === 0 ? 'gold' : 'basic',
  city: 'York',
  country: 'GB',
  registeredAt: '2026-01-05T09:00:00.000Z',
  orders: at,
  spent: at * 10,
  lastOrderAt: at === 0 ? null : '2026-05-15T12:00:00.000Z',
  latest:
    at === 0
      ? []
      : [{ id: 'o1', status: 'pending', total: 5, placedAt: '2026-05-15T12:00:00.000Z', payment: null }],
}));

/** As a projector writes them: a list that has no elements is there. */
const guardedOrders = tenantDocuments.map((document) => ({
  ...document,
  tags: document['tags'] ?? [],
  lines: document['lines'] ?? [],
  codes: document['codes'] ?? [],
}));

const open = withHeaders(
  generatedRequests([orderSearch, customerOverview, listings].map((view) => compile(view))),
);
/** Also by callers whom nobody knows, and by nobody, who is refused. */
const guarded = withHeaders(
  generatedRequests([compile(tenantOrders)], tenantVocabulary),
  fc.constantFrom(...Object.keys(callers), 'nobody', '').map(asCaller),
);

describe('Every answer of the query API', () => {
  let served: Served;
  let wrong: (operation: Operation, answer: Answer) => string | null;
  beforeAll(async () => {
    const contents: Contents = [
      [orderSearch, orders],
      [customerOverview, customers],
      [listings, places],
      [tenantOrders, guardedOrders],
    ];
    served = await serve(contents, { guard: guardByHeader });
    wrong = answerCheck(served.running.openapi);
  });
  afterAll(() => served.close());

  const ask = async (
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer> => {
    const response = await served.send(path, body, headers);
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: await response.text() };
  };

  test(`is no 5xx and what its schema says, for ${count} generated requests`, async () => {
    const requests = fc.sample(fc.oneof({ weight: 3, arbitrary: open }, { weight: 1, arbitrary: guarded }), {
      numRuns: count,
      seed,
    });
    const seen = new Map<number, number>();
    const faults: object[] = [];
    const next = requests.values();
    const worker = async (): Promise<void> => {
      for (const request of next) {
        const answer = await ask(request.path, request.body, request.headers);
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
        const fault = answer.status >= 500 ? 'a fault of the server' : wrong(request.operation, answer);
        if (fault !== null)
          faults.push({ seed, fault, request: shown(request), body: answer.body.slice(0, 500) });
      }
    };
    await Promise.all(Array.from({ length: abreast }, worker));
    expect(faults.slice(0, 3)).toEqual([]);
    // Neither are all of them refused, nor all taken.
    expect({
      seed,
      taken: (seen.get(200) ?? 0) > count / 4,
      refused: (seen.get(400) ?? 0) > count / 10,
      shutOut: (seen.get(403) ?? 0) > count / 100,
      current: (seen.get(304) ?? 0) > 0,
    }).toEqual({ seed, taken: true, refused: true, shutOut: true, current: true });
  }, 600_000);

  test('is 200 for the examples of its documentation, each alone and all together', async () => {
    const { paths } = served.running.openapi;
    let tried = 0;
    const taken = async (operation: Operation, path: string, body?: unknown): Promise<void> => {
      const answer = await ask(path, body, asCaller('staff'));
      tried += 1;
      expect([path, answer.status, answer.status === 200 ? '' : answer.body]).toEqual([path, 200, '']);
      expect([path, wrong(operation, answer)]).toEqual([path, null]);
    };
    for (const [path, item] of Object.entries(paths).filter(([path]) => !path.includes('{'))) {
      const examples = ((item.get?.parameters ?? []) as Parameter[]).filter(
        ({ schema }) => schema?.example !== undefined,
      );
      const required = examples.filter((one) => one.required).map(asText);
      const get = { method: 'get', path } as const;
      if (item.get !== undefined) await taken(get, `${path}?${examples.map(asText).join('&')}`);
      for (const one of examples) {
        const needs = ['in', 'highlight'].includes(one.name) ? ['q=a'] : [];
        await taken(get, `${path}?${[...new Set([...required, ...needs, asText(one)])].join('&')}`);
      }
      if (item.post !== undefined)
        await taken({ method: 'post', path }, path, exampleOf(item.post.requestBody));
    }
    expect(tried).toBeGreaterThan(100);
  });

  const exampleOf = (body: unknown): unknown => {
    const { schema } =
      (body as { content: Record<string, { schema: Example }> }).content['application/json'] ?? {};
    const name = schema?.$ref?.split('/').at(-1) ?? '';
    const named: Example | undefined = served.running.openapi.components?.schemas?.[name];
    const example = schema?.example ?? named?.example;
    expect(example).toBeDefined();
    return example;
  };

  test('has an operation of its own in the documentation, by OpenAPI 3.1', () => {
    const { openapi, paths } = served.running.openapi;
    expect(openapi).toBe('3.1.0');
    const operations = Object.values(paths).flatMap((item) =>
      [item.get, item.post].filter((one) => one !== undefined),
    );
    const ids = operations.map((one) => one.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const operation of ['list', 'search', 'batch', 'fields', 'suggest', 'stats', 'export', 'get'])
      expect(ids).toContain(`order-search.${operation}`);
    // What OpenAPI 3.1 does not know any more says nothing to its readers.
    expect(JSON.stringify(served.running.openapi).includes('"nullable":true')).toBe(false);
  });
});

interface Example {
  readonly $ref?: string;
  readonly example?: unknown;
}

interface Parameter {
  readonly name: string;
  readonly required?: boolean;
  readonly schema?: { readonly example?: string | number };
}

function asText({ name, schema }: Parameter): string {
  return `${encodeURIComponent(name)}=${encodeURIComponent(String(schema?.example))}`;
}

function shown({ path, body, headers }: Generated): object {
  return { path, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
}
