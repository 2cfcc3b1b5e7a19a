/** What a command answered. */
export interface Written {
  readonly id: string;
  /** `Prejoin-Wrote`, as it came. */
  readonly wrote: string;
}

/** Sends a command that has to succeed. */
export async function command(
  commandUrl: string,
  method: string,
  path: string,
  body?: object,
): Promise<Written> {
  const answer = await fetch(`${commandUrl}${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  const wrote = answer.headers.get('prejoin-wrote');
  if (wrote === null) throw new Error(`${method} ${path} does not say what it wrote`);
  return { id: (JSON.parse(text) as { id: string }).id, wrote };
}

export const operations = ['get', 'batch', 'list', 'search', 'facets', 'stats', 'suggest', 'export'] as const;
export type Operation = (typeof operations)[number];

/** What one operation says of the orders of a customer, by the customer's name. */
export interface Seen {
  readonly orders: number;
  readonly after: string | null | undefined;
  readonly lagMs: number | null | undefined;
}

export interface AskedReads {
  /** `Prejoin-After`; null is without. */
  readonly after: string | null;
  readonly prefer?: string;
  readonly order: string;
  readonly customerName: string;
}

interface Body {
  readonly data: readonly { readonly value: string; readonly count: number }[];
  readonly total: number;
  readonly facets: Readonly<Record<string, { readonly values: readonly { readonly count: number }[] }>>;
  readonly groups: readonly { readonly count: number; readonly sum: { readonly total: number } }[];
  readonly freshness: { readonly lagMs: number | null; readonly after?: string };
}

/** Asks order-search by every operation at once. */
export async function readAll(
  queryUrl: string,
  { after, prefer, order, customerName }: AskedReads,
): Promise<Readonly<Record<Operation, Seen>>> {
  const base = `${queryUrl}/views/order-search`;
  const name = encodeURIComponent(`"${customerName}"`);
  const headers = {
    ...(after === null ? {} : { 'prejoin-after': after }),
    ...(prefer === undefined ? {} : { prefer }),
  };
  const ask = (path: string): Promise<Response> => fetch(`${base}${path}`, { headers });
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${base}${path}`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const counted = async (answer: Promise<Response>, orders: (body: Body) => number): Promise<Seen> => {
    const body = (await (await answer).json()) as Body;
    return { orders: orders(body), after: body.freshness.after, lagMs: body.freshness.lagMs };
  };
  const inHeaders = async (asked: Promise<Response>, orders: (text: string) => number): Promise<Seen> => {
    const answer = await asked;
    const text = await answer.text();
    const lag = answer.headers.get('prejoin-lag-ms');
    return {
      orders: answer.ok ? orders(text) : 0,
      after: answer.headers.get('prejoin-after') ?? undefined,
      lagMs: lag === null ? null : Number(lag),
    };
  };
  const reads: Record<Operation, Promise<Seen>> = {
    get: inHeaders(ask(`/${order}`), (text) =>
      (JSON.parse(text) as { customer: { name: string } | null }).customer?.name === customerName ? 1 : 0,
    ),
    batch: counted(post('/_batch', { ids: [order] }), ({ data }) => data.length),
    list: counted(ask(`?customer.name=${name}&totals=exact`), ({ total }) => total),
    search: counted(
      post('/_search', { where: { 'customer.name': customerName }, totals: 'exact' }),
      ({ total }) => total,
    ),
    facets: counted(ask(`?customer.name=${name}&facets=status&limit=0`), ({ facets }) =>
      (facets['status']?.values ?? []).reduce((sum, { count }) => sum + count, 0),
    ),
    stats: counted(ask(`/_stats?customer.name=${name}&sum=total`), ({ groups }) => groups[0]?.count ?? 0),
    suggest: counted(
      ask(`/_suggest?field=customer.name&prefix=${encodeURIComponent(customerName)}`),
      ({ data }) => data[0]?.count ?? 0,
    ),
    export: inHeaders(
      ask(`/_export?customer.name=${name}`),
      (text) => text.split('\n').filter((line) => line !== '').length,
    ),
  };
  const seen = await Promise.all(operations.map(async (operation) => [operation, await reads[operation]]));
  return Object.fromEntries(seen) as Record<Operation, Seen>;
}
