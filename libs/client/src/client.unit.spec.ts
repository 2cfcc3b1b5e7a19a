import { orderSearch } from '#views/testing';
import {
  AnswerInvalidError,
  ConnectionLostError,
  createClient,
  ReadTimeoutError,
  RefusedError,
  ServerFaultError,
  UnavailableError,
  WritesMalformedError,
  type Client,
  type ClientOptions,
  type ViewClient,
} from './index.js';

type Orders = ViewClient<typeof orderSearch>;

/** What a real server can not be made to do at will: each request gets the next of these answers. */
type Reply = Response | Error | ((request: Request) => Response | Promise<Response>);

const page = (parts: object = {}): Response =>
  Response.json({ data: [], total: 0, totalIsExact: true, next: null, freshness: { lagMs: 3 }, ...parts });
const busy = (status: number, headers: Record<string, string>): Response =>
  Response.json(
    { title: 'Busy', status, code: 'search_unavailable', detail: 'Not now.' },
    { status, headers },
  );

function clientOf(
  replies: readonly Reply[],
  options: Partial<ClientOptions> = {},
): { readonly client: Client; readonly requests: Request[] } {
  const requests: Request[] = [];
  const answer = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const reply = replies[requests.push(request) - 1];
    if (reply === undefined) throw new Error('There are more requests than answers.');
    if (reply instanceof Error) throw reply;
    return typeof reply === 'function' ? reply(request) : reply;
  };
  return { client: createClient({ baseUrl: 'http://api.test/', fetch: answer, ...options }), requests };
}
/** An answer that never comes, as a fetch that is aborted rejects. */
const never = ({ signal }: Request): Promise<Response> =>
  new Promise((_, reject) => {
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- as fetch does
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end);
  });

const encoder = new TextEncoder();
/** A body of these parts, which then ends, breaks, or stays open until it is aborted, as one of fetch is. */
const lines =
  (parts: readonly string[], end: 'close' | 'error' | 'open'): Reply =>
  ({ signal }) => {
    const left = [...parts];
    const body = new ReadableStream({
      start: (stream) => signal.addEventListener('abort', () => stream.error(signal.reason)),
      pull(stream) {
        const part = left.shift();
        if (part !== undefined) stream.enqueue(encoder.encode(part));
        else if (end === 'close') stream.close();
        else if (end === 'error') stream.error(new TypeError('terminated'));
      },
    });
    return new Response(body);
  };

describe('a read', () => {
  it('is sent again when the server says when, as often as is allowed', async () => {
    const { client, requests } = clientOf([
      busy(503, { 'retry-after': '0' }),
      busy(429, { 'retry-after': '0' }),
      page(),
    ]);
    expect(await client.view(orderSearch).search()).toMatchObject({ data: [], freshness: { lagMs: 3 } });
    expect(requests).toHaveLength(3);
    expect(await requests[2]?.json()).toEqual({});
  });

  it('fails with what the server said when its tries are used up', async () => {
    const replies = [0, 1, 2].map(() => busy(503, { 'retry-after': '0' }));
    const { client, requests } = clientOf(replies, { retries: 1 });
    const error = await client
      .view(orderSearch)
      .search()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UnavailableError);
    expect(error).toMatchObject({
      status: 503,
      code: 'search_unavailable',
      message: 'Not now.',
      retryAfterMs: 0,
    });
    expect(requests).toHaveLength(2);
  });

  it.each([
    ['without a time', busy(503, {}), null],
    ['for long', busy(503, { 'retry-after': '3600' }), 3_600_000],
    [
      'until a date of its own clock',
      busy(429, { 'retry-after': 'Mon, 01 Jan 2024 01:00:00 GMT', date: 'Mon, 01 Jan 2024 00:00:00 GMT' }),
      3_600_000,
    ],
  ])('is not sent again when the server is away %s', async (_, answer, retryAfterMs) => {
    const { client, requests } = clientOf([answer]);
    await expect(client.view(orderSearch).stats()).rejects.toMatchObject({ retryAfterMs });
    expect(requests).toHaveLength(1);
  });

  it('is not sent again when it was refused, and tells all that was wrong', async () => {
    const errors = [
      { parameter: 'limit', code: 'limit_invalid', detail: 'limit takes …', allowed: ['0 to 100'] },
    ];
    const refusal = Response.json(
      { title: 'The query is not valid', code: 'limit_invalid', errors },
      { status: 400 },
    );
    const { client } = clientOf([refusal]);
    const error = await client
      .view(orderSearch)
      .search({ limit: 500 })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({
      status: 400,
      code: 'limit_invalid',
      message: 'The query is not valid',
      errors,
    });
  });

  it.each([
    [
      'a fault of the server',
      Response.json({ code: 'internal_error' }, { status: 500 }),
      ServerFaultError,
      'internal_error',
    ],
    ["a proxy's page", new Response('<h1>Bad gateway</h1>', { status: 502 }), ServerFaultError, 'http_502'],
    ['what is no JSON', new Response('<h1>Welcome</h1>'), AnswerInvalidError, 'answer_invalid'],
    ['what is no object', Response.json([]), AnswerInvalidError, 'answer_invalid'],
    ['a lost connection', new TypeError('fetch failed'), ConnectionLostError, 'connection_lost'],
  ])('rejects for %s', async (_, reply, type, code) => {
    const { client } = clientOf([reply]);
    const error = await client
      .view(orderSearch)
      .search()
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code });
  });

  it('ends after the time that is allowed, also when the body does not come', async () => {
    const { client } = clientOf([never, lines(['{"data":['], 'open')]);
    await expect(client.view(orderSearch).search({}, { timeoutMs: 20 })).rejects.toBeInstanceOf(
      ReadTimeoutError,
    );
    await expect(client.view(orderSearch).search({}, { timeoutMs: 20 })).rejects.toBeInstanceOf(
      ReadTimeoutError,
    );
  });

  it('ends with the reason of its signal, while it is sent and while it waits to be sent again', async () => {
    const { client } = clientOf([never, busy(503, { 'retry-after': '9' })]);
    const sent = new AbortController();
    const reading = client.view(orderSearch).search({}, { signal: sent.signal });
    sent.abort('enough');
    await expect(reading).rejects.toBe('enough');
    const waits = new AbortController();
    const waiting = client.view(orderSearch).search({}, { signal: waits.signal });
    setImmediate(() => waits.abort('enough'));
    await expect(waiting).rejects.toBe('enough');
  });

  it('has the headers that were given, asked for anew each time', async () => {
    let at = 0;
    const headers = () => Promise.resolve({ authorization: `Bearer ${++at}` });
    const { client, requests } = clientOf([page(), page()], { headers });
    await client.view(orderSearch).search();
    await client.view(orderSearch).search();
    expect(requests.map((request) => request.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2']);
  });

  it('of an id that is no id asks nothing: beside ids are other resources', async () => {
    const { client, requests } = clientOf([]);
    for (const id of ['', '_fields', '_stats']) expect(await client.view(orderSearch).get(id)).toBeNull();
    await expect(client.view(orderSearch).get('..')).rejects.toMatchObject({ code: 'id_not_askable' });
    expect(requests).toEqual([]);
  });

  it('of an unknown view is refused, and not null', async () => {
    const { client } = clientOf([Response.json({ code: 'view_unknown' }, { status: 404 })]);
    await expect(client.view(orderSearch).get('o1')).rejects.toMatchObject({
      code: 'view_unknown',
      status: 404,
    });
  });
});

describe('own writes', () => {
  const after = (request: Request | undefined): unknown[] => [
    request?.headers.get('prejoin-after'),
    request?.headers.get('prefer'),
  ];
  const command = (wrote: string): Response =>
    Response.json({}, { status: 201, headers: { 'prejoin-wrote': wrote } });

  it('are asked for until an answer of the view contains them', async () => {
    const { client, requests } = clientOf([
      command('order/a@1, customer/x@3'),
      page({ freshness: { lagMs: 3, after: 'timeout' } }),
      page({ freshness: { lagMs: 3, after: 'included' } }),
      page(),
    ]);
    const orders = client.view(orderSearch);
    await client.fetch('http://commands.test/orders', {
      method: 'POST',
      headers: { 'idempotency-key': 'k' },
    });
    expect([...(requests[0]?.headers.keys() ?? [])]).toEqual(['idempotency-key']);
    await orders.search();
    expect(orders.pendingWrites()).toEqual(['order/a@1', 'customer/x@3']);
    await orders.search({}, { wait: 5 });
    expect(orders.pendingWrites()).toEqual([]);
    await orders.search();
    expect(requests.slice(1).map(after)).toEqual([
      ['order/a@1, customer/x@3', 'wait=2'],
      ['order/a@1, customer/x@3', 'wait=5'],
      [null, null],
    ]);
  });

  it('are asked for in every kind of read, and searches tell that they are included, by headers too', async () => {
    const said = { 'prejoin-after': 'included', 'prejoin-lag-ms': '12', etag: '"7"' };
    const included = (parts: object = {}): Response =>
      page({ freshness: { lagMs: 0, after: 'included' }, ...parts });
    const missing = Response.json({ code: 'not_found' }, { status: 404, headers: said });
    const reads: readonly [Reply, 'tells' | 'tells nothing', (orders: Orders) => Promise<unknown>][] = [
      [Response.json({ id: 'a' }, { headers: said }), 'tells nothing', (orders) => orders.get('a')],
      [missing, 'tells nothing', (orders) => orders.get('a')],
      [included({ missing: [] }), 'tells nothing', (orders) => orders.getMany(['a'])],
      [new Response('{"id":"a"}\n', { headers: said }), 'tells', (orders) => orders.export().next()],
      [included(), 'tells', (orders) => orders.after('c')],
      [included(), 'tells', (orders) => orders.suggest({ field: 'status' })],
      [included(), 'tells', (orders) => orders.stats()],
    ];
    for (const [reply, tells, read] of reads) {
      const { client, requests } = clientOf([reply]);
      const orders = client.view(orderSearch);
      client.noteWrites('order/a@1');
      await read(orders);
      expect(requests.map(after)).toEqual([['order/a@1', 'wait=2']]);
      expect(orders.pendingWrites()).toEqual(tells === 'tells' ? [] : ['order/a@1']);
    }
  });

  it('are not asked for with a wait of 0', async () => {
    const { client, requests } = clientOf([page()], { wait: 0 });
    client.noteWrites('order/a@1');
    await client.view(orderSearch).search();
    expect(requests.map(after)).toEqual([[null, null]]);
  });

  it('of a header that can not be read do not make the command fail', async () => {
    const { client } = clientOf([command('nonsense')]);
    expect((await client.fetch('http://commands.test/orders', { method: 'POST' })).status).toBe(201);
    expect(client.view(orderSearch).pendingWrites()).toEqual([]);
    expect(() => client.noteWrites('nonsense')).toThrow(WritesMalformedError);
  });

  it('give the answer more time: what the server waits, and what it takes', async () => {
    const slow = async (): Promise<Response> => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return page();
    };
    const { client } = clientOf([slow], { timeoutMs: 30, wait: 1 });
    client.noteWrites('order/a@1');
    await client.view(orderSearch).search();
  });
});

describe('an export', () => {
  const all = async (reading: AsyncIterable<unknown>): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const one of reading) found.push(one);
    return found;
  };

  it('gives documents however the text is cut, and an empty one none', async () => {
    const bytes = [...encoder.encode('{"id":"é"}\n{"id":"b"}\n')].map((byte) => new Uint8Array([byte]));
    const split = new Response(ReadableStream.from(bytes));
    const { client } = clientOf([split, new Response('')]);
    expect(await all(client.view(orderSearch).export())).toEqual([{ id: 'é' }, { id: 'b' }]);
    expect(await all(client.view(orderSearch).export())).toEqual([]);
  });

  it.each([
    ['breaks off between lines', ['{"id":"a"}\n'], 'error'],
    ['ends within a line', ['{"id":"a"}\n', '{"id":'], 'close'],
  ] as const)('rejects when it %s, after what came before', async (_, parts, end) => {
    const { client } = clientOf([lines(parts, end)]);
    const found: unknown[] = [];
    const reading = (async () => {
      for await (const one of client.view(orderSearch).export()) found.push(one);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'connection_lost' });
    expect(found).toEqual([{ id: 'a' }]);
  });

  it('ends the request when the caller stops, fails or aborts', async () => {
    const { client, requests } = clientOf([0, 1, 2].map(() => lines(['{"id":"a"}\n{"id":"b"}\n'], 'open')));
    for await (const { id } of client.view(orderSearch).export()) if (id === 'a') break;
    expect(requests[0]?.signal.aborted).toBe(true);
    const failing = (async () => {
      for await (const { id } of client.view(orderSearch).export()) throw new Error(id);
    })();
    await expect(failing).rejects.toThrow('a');
    expect(requests[1]?.signal.aborted).toBe(true);
    const stop = new AbortController();
    const stopped = (async () => {
      for await (const _ of client.view(orderSearch).export({}, { signal: stop.signal }))
        stop.abort('enough');
    })();
    await expect(stopped).rejects.toBe('enough');
  });

  it('is allowed time for each part anew, and rejects when none comes', async () => {
    const { client } = clientOf([lines(['{"id":"a"}\n'], 'open')]);
    await expect(all(client.view(orderSearch).export({}, { timeoutMs: 20 }))).rejects.toBeInstanceOf(
      ReadTimeoutError,
    );
  });

  it('is begun again when the server says when, and rejects for what was refused', async () => {
    const refusal = Response.json({ code: 'field_unknown' }, { status: 400 });
    const { client } = clientOf([busy(429, { 'retry-after': '0' }), new Response('{"id":"a"}\n'), refusal]);
    expect(await all(client.view(orderSearch).export())).toEqual([{ id: 'a' }]);
    await expect(all(client.view(orderSearch).export())).rejects.toMatchObject({ code: 'field_unknown' });
  });
});
