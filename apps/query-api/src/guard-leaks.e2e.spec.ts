import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RunningApp } from '#kernel/http';
import { compile, fieldOperatorsOf, fieldsOf, type FilterOp, type QueryField } from '#views';
import fc from 'fast-check';
import { comparable, type Comparable } from './testing/comparable.js';
import { servePlain } from './testing/plain-server.js';
import { generatedRequests, type Generated } from './testing/requests.js';
import { sendTo, serve, type Served } from './testing/serve.js';
import { marker, tenantDocuments, tenantOrders, tenantVocabulary } from './testing/tenant-orders.js';
import { asCaller, callers, guardByHeader, type Caller } from './testing/tenants.js';

/** `GUARD_REQUESTS=20000` asks more of them, `GUARD_SEED` others. */
const count = Number(process.env['GUARD_REQUESTS'] ?? 200);
const seed = Number(process.env['GUARD_SEED'] ?? 5);
/** Requests under way at once, each by every caller at the same time. */
const abreast = 4;

const V = '/views/tenant-orders';
const everybody = Object.keys(callers) as Caller[];

/**
 * Every answer to a caller has to be what a server answers that holds the caller's documents and no others, in memory and
 * without a guard: documents, totals, facets, figures, suggestions, marks and faults.
 */
describe(`What a caller is answered of a guarded view (GUARD_SEED=${seed})`, () => {
  let served: Served;
  const plain = new Map<Caller, RunningApp>();

  beforeAll(async () => {
    served = await serve([[tenantOrders, tenantDocuments]], { guard: guardByHeader });
    for (const caller of everybody) {
      const seen = [callers[caller]].flat();
      const own = tenantDocuments.filter(
        ({ tenantId }) => caller === 'staff' || seen.includes(String(tenantId)),
      );
      plain.set(caller, await servePlain(tenantOrders, own));
    }
  });
  afterAll(async () => {
    await Promise.all([...plain.values()].map((app) => app.stop()));
    await served.close();
  });

  const asked = async (request: Generated, caller: Caller): Promise<[Comparable, Comparable]> => {
    const app = plain.get(caller);
    if (app === undefined) throw new Error(`There is no plain server for ${caller}.`);
    const [guarded, right] = await Promise.all([
      sendTo(served.running, request.path, request.body, asCaller(caller)),
      sendTo(app, request.path, request.body),
    ]);
    return [await comparable(request, guarded), await comparable(request, right)];
  };

  /** What is wrong with the answers of up to three pages, or null; and how many documents, groups and values they had. */
  const compared = async (
    request: Generated,
    caller: Caller,
  ): Promise<{ fault: object | null; telling: boolean }> => {
    let telling = false;
    let [guarded, right] = await asked(request, caller);
    for (let page = 0; ; page += 1) {
      const at = { caller, page, path: request.path, body: JSON.stringify(request.body) };
      const different = difference(guarded, right);
      if (different !== null) return { fault: { ...at, ...different }, telling };
      const told = JSON.stringify(guarded.body);
      const isAskedFor = marker.test(decodeURIComponent(request.path) + JSON.stringify(request.body ?? ''));
      if (caller === 'acme' && !isAskedFor && marker.test(told))
        return { fault: { ...at, leaked: told }, telling };
      telling ||= /"(?:id|key|value)":/.test(told);
      if (page === 2 || guarded.next === null || right.next === null) return { fault: null, telling };
      const next = async (app: RunningApp, cursor: string): Promise<Comparable> =>
        comparable(
          request,
          await sendTo(app, `${V}?cursor=${encodeURIComponent(cursor)}`, undefined, asCaller(caller)),
        );
      [guarded, right] = await Promise.all([
        next(served.running, guarded.next),
        next(plain.get(caller) ?? served.running, right.next),
      ]);
    }
  };

  const compareAll = async (requests: readonly Generated[], who: readonly Caller[]): Promise<number> => {
    const faults: object[] = [];
    let told = 0;
    const remaining = requests.values();
    const worker = async (): Promise<void> => {
      for (const request of remaining) {
        const results = await Promise.all(who.map((caller) => compared(request, caller)));
        for (const { fault } of results) if (fault !== null) faults.push(fault);
        if (results.some(({ telling }) => telling)) told += 1;
        if (faults.length > 5) return;
      }
    };
    await Promise.all(Array.from({ length: abreast }, worker));
    expect(faults.slice(0, 3)).toEqual([]);
    return told;
  };

  test(`is what a server of its own documents answers, for ${count} generated requests`, async () => {
    const requests = fc
      .sample(generatedRequests([compile(tenantOrders)], tenantVocabulary), {
        numRuns: count,
        seed,
      })
      .filter(isOfPlainWords);
    const told = await compareAll(requests, everybody);
    // Two servers that find nothing agree as well.
    expect(told).toBeGreaterThan(count / 10);
  }, 300_000);

  test('is that too for every operator of every kind of field in every operation', async () => {
    const conditions = everyCondition();
    const told = await compareAll(conditions, ['acme']);
    expect(told).toBeGreaterThan(conditions.length / 4);
  }, 300_000);

  test('is one state of its own documents, in a walk over a snapshot', async () => {
    const walks = ['sort=-total&limit=25&facets=tenantId', 'tenantId=acme,Acme&limit=25'].map((query) => ({
      operation: { method: 'get' as const, path: V },
      path: `${V}?snapshot=1m&${query}`,
    }));
    await compareAll(walks, everybody);
  });
});

/** What is a word among signs that no script has, the two indices do not agree on; it is no matter of guards. */
function isOfPlainWords({ path, body }: Generated): boolean {
  const query = new URLSearchParams(path.split('?')[1] ?? '');
  const inBody = typeof body === 'object' && body !== null && 'q' in body ? String(body.q) : '';
  return /^[ -~]*$/.test([query.get('q') ?? '', query.get('prefix') ?? '', inBody].join(''));
}

/** Values of a kind: one that both tenants have, and one that only the other has. */
const valuesOf: Readonly<Record<QueryField['kind'], readonly [string, string]>> = {
  id: ['c1', 'zq1'],
  string: ['red', 'zq-tag'],
  enum: ['pending', 'Pending'],
  prose: ['', ''],
  int: ['2', '777'],
  money: ['5', '77777'],
  decimal: ['1.25', '777.25'],
  instant: ['2025-05-01', '2031-05-05'],
  day: ['2025-05-01', '2031-05-05'],
  bool: ['true', 'false'],
  geo: ['52.5,4.5,50km', '-10,100,50km'],
  json: ['', ''],
};

/**
 * Every operator of the guarded field and of one of each kind, asked of every operation with a value that only the other
 * tenant has. Fields of the kind in other places (in an array, in a list) and other values are asked of lists.
 */
function everyCondition(): Generated[] {
  const fields = fieldsOf(compile(tenantOrders)).filter((field) => field.filterable);
  const places = Map.groupBy(fields, ({ kind, array, nested }) => `${kind} ${array} ${nested}`);
  const chosen = [...places.values()].flatMap(([first]) => first ?? []);
  const [tenant] = fields.filter(({ path }) => path === 'tenantId');
  const whole = new Set([tenant, ...new Map(chosen.map((field) => [field.kind, field])).values()]);
  return [...new Set([tenant, ...chosen])]
    .filter((field) => field !== undefined)
    .flatMap((field) =>
      fieldOperatorsOf(field).flatMap((op) => {
        const [own, others] = valuesFor(field, op);
        const asked = requestsOf(field, op, others);
        return [...requestsOf(field, op, own).slice(0, 1), ...(whole.has(field) ? asked : asked.slice(-1))];
      }),
    );
}

function valuesFor(field: QueryField, op: FilterOp): readonly [own: string, others: string] {
  if (op === 'exists') return ['true', 'false'];
  if (field.path === 'tenantId') return ['acme', 'Acme'];
  if (field.kind === 'enum' && field.values !== undefined)
    return [field.values[0] ?? '', field.values.at(-1) ?? ''];
  return valuesOf[field.kind];
}

function requestsOf(field: QueryField, op: FilterOp, value: string): Generated[] {
  const condition = `${field.path}[${op}]=${encodeURIComponent(value)}`;
  const counted = field.kind === 'geo' ? 'status' : field.path;
  const get = (rest: string, query: string): Generated => ({
    operation: { method: 'get', path: `${V}${rest}` },
    path: `${V}${rest}?${query}`,
  });
  const facets = [...new Set([counted, 'tenantId', 'status'])];
  return [
    get('', `${condition}&facets=${facets.join()}&sort=-id&limit=20&totals=exact`),
    get('', `${condition}&q=lamp&highlight=true&limit=100`),
    get('/_stats', `${condition}&by=tenantId&sum=total&min=weight&max=total,placedAt`),
    get('/_stats', `${condition}&by=${counted}`),
    get('/_suggest', `field=tenantId&prefix=A&${condition}`),
    get('/_suggest', `field=customer.name&${condition}`),
    get('/_export', condition),
    nested(field, op, value, facets),
  ];
}

/** The condition where a filter says this or anything else, and its opposite. */
function nested(field: QueryField, op: FilterOp, value: string, facets: readonly string[]): Generated {
  const [lat, lon, distance] = value.split(',');
  const isNumber = field.kind === 'int' || field.kind === 'money' || field.kind === 'decimal';
  const isTruth = op === 'exists' || field.kind === 'bool';
  const operand =
    op === 'near'
      ? { lat: Number(lat), lon: Number(lon), distance }
      : isTruth
        ? value === 'true'
        : isNumber
          ? Number(value)
          : value;
  const condition = { [field.path]: { [op]: operand } };
  const where = { or: [condition, { not: condition }, { tenantId: ['acme', 'Acme'] }, {}] };
  return {
    operation: { method: 'post', path: `${V}/_search` },
    path: `${V}/_search`,
    body: { where, facets, sort: ['tenantId', 'id'], limit: 100, totals: 'exact' },
  };
}

/** What stands around the first sign in which the two differ; null when they are the same. */
function difference(guarded: Comparable, right: Comparable): object | null {
  if (isSame(said(guarded), said(right))) return null;
  const [a, b] = [guarded, right].map((one) => JSON.stringify(said(one)));
  let first = 0;
  while (a?.[first] === b?.[first] && first < (a?.length ?? 0)) first += 1;
  const around = (text = ''): string => text.slice(Math.max(0, first - 200), first + 200);
  return { guarded: around(a), right: around(b) };
}

/** All but the cursor. */
function said({ status, body }: Comparable): unknown {
  return { status, body };
}

function isSame(a: unknown, b: unknown): boolean {
  try {
    expect(a).toEqual(b);
    return true;
  } catch {
    return false;
  }
}
