import { once } from 'node:events';
import pg from 'pg';
import { Pool } from 'undici';
import { silentLogger } from '#kernel';
import { migrateProjection } from '#projection';
import { elasticsearchIndex } from '#search';
import type { BenchSpace } from './bench-space.js';
import type { BareCall, BareCalls } from './arms/bare-proxy.js';
import {
  fillGuardedOrders,
  guardedOrders,
  idOf,
  MOST_TOTAL,
  TENANT,
  TENANT_HEADER,
} from './guarded-orders.js';
import { startArm, type ArmProcess } from './harness/arm-process.js';
import type { Bench, Measured, Run } from './harness/bench.js';
import { CpuBySide } from './harness/cpu-by-side.js';
import { closedLoop, latencyOf, type Ask, type Latency } from './harness/open-loop.js';
import { recordCalls, type RecordedCall } from './harness/recorder.js';
import { format } from './harness/rounds.js';
import { sideBySide, type TimesOf } from './harness/side-by-side.js';
import { median, spread } from './harness/statistics.js';
import { startQueryApiProcess } from './query-api-process.js';
import { nodeFlags } from '../stack/apps.js';
import { scattered } from './scattered.js';

/** For how long each side is asked in a round, and before the first. */
const sizes = {
  s: { documents: 5_000, seconds: { get: 2, list: 1.2 }, warmSeconds: 2.5 },
  m: { documents: 20_000, seconds: { get: 6, list: 6 }, warmSeconds: 6 },
  l: { documents: 200_000, seconds: { get: 20, list: 20 }, warmSeconds: 15 },
};
const LANES = 16;
const PEAK_SECONDS = 1;
/** Of the peak of the slower side, so that neither has a queue. */
const LOAD = 1 / 3;
const PAGE = 20;
const COMPARED = 200;

const kinds = ['get', 'list'] as const;
type Kind = (typeof kinds)[number];
type Side = 'ours' | 'other';

/** What differs from request to request: an id, or the least total, so that no two in flight are equal. */
const partOf: Readonly<Record<Kind, (nth: number, documents: number) => string>> = {
  get: (nth, documents) => idOf(scattered(nth, documents)),
  list: (nth) => String(scattered(nth, MOST_TOTAL)),
};
const pathOf: Readonly<Record<Side, (kind: Kind, part: string) => string>> = {
  ours: (kind, part) =>
    kind === 'get'
      ? `/views/${guardedOrders.name}/${part}`
      : `/views/${guardedOrders.name}?total[gte]=${part}&limit=${PAGE}&totals=none`,
  other: (kind, part) => `/${kind}/${part}`,
};

export const readBench: Bench = {
  name: 'read',
  about:
    'the median latency of a get by id through Nest, with guards, validation and freshness, by that of a bare proxy of the same call; and of a list',
  measure: async (space, run) => {
    const { documents } = sizes[run.scale];
    const index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
    const projection = new pg.Pool({ connectionString: space.databaseUrl, max: 1 });
    try {
      await migrateProjection(projection);
      await fillGuardedOrders(index, space.indexPrefix, documents);
    } finally {
      await projection.end();
      await index.close();
    }
    const calls = await recordedCalls(space);
    const ours = await startQueryApi(space, space.elasticsearchUrl);
    const other = await startArm(
      'dist/bench/arms/bare-proxy.js',
      { BARE_CALLS: JSON.stringify(calls) },
      (line) => `http://127.0.0.1:${line}`,
      nodeFlags['query-api'],
    );
    const clients = {
      ours: new Pool(ours.url, { connections: 64 }),
      other: new Pool(other.url, { connections: 64 }),
    };
    try {
      return await compareSides(clients, { ours, other }, run);
    } finally {
      await Promise.all(Object.values(clients).map((client) => client.close()));
      await Promise.all([ours.stop(), other.stop()]);
    }
  },
};

function startQueryApi(space: BenchSpace, elasticsearchUrl: string): Promise<ArmProcess> {
  const profile = process.env['PREJOIN_BENCH_PROFILE'];
  return startQueryApiProcess(space, {
    script: 'dist/bench/arms/guarded-query-api.js',
    elasticsearchUrl,
    freshness: true,
    flags: profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  });
}

/** The calls that the query API makes for a get and for a list, so that the proxy makes the same. */
async function recordedCalls(space: BenchSpace): Promise<BareCalls> {
  const recorder = await recordCalls(space.elasticsearchUrl);
  const api = await startQueryApi(space, recorder.url);
  const client = new Pool(api.url);
  try {
    const callOf = async (kind: Kind): Promise<BareCall> => {
      const part = partOf[kind](7, 1_000);
      const before = recorder.calls.length;
      await answerOf(client, pathOf.ours(kind, part));
      const isIt = ({ path, body }: RecordedCall): boolean => `${path} ${body}`.includes(part);
      const found = recorder.calls.slice(before).find(isIt);
      if (found === undefined) throw new Error(`No call was recorded for ${kind}.`);
      return bareCall(found, part);
    };
    return { node: space.elasticsearchUrl, get: await callOf('get'), list: await callOf('list') };
  } finally {
    await client.close();
    await api.stop();
    recorder.close();
  }
}

function bareCall({ method, path, body, headers }: RecordedCall, part: string): BareCall {
  const { accept = '*/*', 'content-type': type } = headers;
  return {
    method: method === 'POST' ? 'POST' : 'GET',
    path: path.split(part),
    body: body === '' ? null : body.split(part),
    headers: { accept, ...(type === undefined ? {} : { 'content-type': type }) },
  };
}

const headers = { [TENANT_HEADER]: TENANT };

/** @throws {Error} for any status but 200 */
async function answerOf(client: Pool, path: string): Promise<Buffer> {
  const { statusCode, body } = await client.request({ method: 'GET', path, headers });
  const chunks: Buffer[] = [];
  body.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(body, 'end');
  const bytes = Buffer.concat(chunks);
  if (statusCode !== 200) throw new Error(`${path} was answered by ${statusCode}: ${bytes.toString()}`);
  return bytes;
}

type Clients = Readonly<Record<Side, Pool>>;
type Sides = Readonly<Record<Side, ArmProcess>>;
const sides: readonly Side[] = ['ours', 'other'];

async function compareSides(clients: Clients, processes: Sides, run: Run): Promise<Measured> {
  const { documents, seconds, warmSeconds } = sizes[run.scale];
  const askOf = (side: Side, kind: Kind): Ask => {
    const client = clients[side];
    return (nth) => answerOf(client, pathOf[side](kind, partOf[kind](nth, documents)));
  };
  for (const kind of kinds)
    for (let nth = 0; nth < COMPARED; nth += 1)
      await compareAnswers(clients, kind, partOf[kind](nth, documents));
  const compareKind = async (kind: Kind): Promise<Latencies> => {
    const peaks: number[] = [];
    for (const side of sides) await closedLoop(LANES, 1_000 * warmSeconds, askOf(side, kind));
    for (const side of sides) peaks.push(await closedLoop(LANES, 1_000 * PEAK_SECONDS, askOf(side, kind)));
    const rate = Math.max(1, Math.floor(LOAD * Math.min(...peaks)));
    run.print(
      `${kind}: at most ${peaks.map(format).join(' and by the proxy ')} a second; asked ${rate} times a second`,
    );
    const used = new CpuBySide<Side>(
      new Map([
        ['query API', processes.ours.pid],
        ['proxy', processes.other.pid],
        ['load', process.pid],
      ]),
    );
    const times = await sideBySide({
      sides,
      rounds: run.rounds,
      rate,
      seconds: seconds[kind],
      askOf: (side) => askOf(side, kind),
      onSlice: (side) => used.note(side),
    });
    for (const side of sides) run.print(`${kind}, CPU seconds while ${side} was asked: ${used.of(side)}`);
    return times.map(latenciesOf);
  };
  return measured({ get: await compareKind('get'), list: await compareKind('list') }, run);
}

type Latencies = readonly Readonly<Record<Side, Latency>>[];

const latenciesOf = (times: TimesOf<Side>): Readonly<Record<Side, Latency>> => ({
  ours: latencyOf(times.get('ours') ?? []),
  other: latencyOf(times.get('other') ?? []),
});

const told = ({ p50, p99 }: Latency): string => `p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;

function measured(results: Readonly<Record<Kind, Latencies>>, { print }: Run): Measured {
  for (const kind of kinds)
    results[kind].forEach(({ ours, other }, at) =>
      print(`${kind}, round ${at + 1}: ours ${told(ours)}; the proxy ${told(other)}`),
    );
  const of = (kind: Kind, at: keyof Latency) => {
    const ratios = results[kind].map(({ ours, other }) => ours[at] / other[at]);
    const [ours, other] = sides.map((side) => median(results[kind].map((round) => round[side][at])));
    return { ratio: median(ratios), spread: spread(ratios), ours: ours ?? NaN, other: other ?? NaN };
  };
  for (const kind of kinds)
    for (const at of ['p50', 'p99'] as const) {
      const { ratio, spread: apart, ours, other } = of(kind, at);
      print(
        `${kind}, ${at}: ${ours.toFixed(2)} by ${other.toFixed(2)} ms, ratio ${ratio.toFixed(2)}, spread ${Math.round(apart * 100)} %`,
      );
    }
  return {
    ...of('get', 'p50'),
    goal: 1.15,
    unit: 'ms',
    more: {
      p99Ratio: of('get', 'p99').ratio,
      listRatio: of('list', 'p50').ratio,
      listP99Ratio: of('list', 'p99').ratio,
    },
  };
}

/** Fails unless both sides answer the same documents, to the byte: the proxy's answer has them within the server's own. */
async function compareAnswers(clients: Clients, kind: Kind, part: string): Promise<void> {
  const [ours = '', other = ''] = await Promise.all(
    sides.map(async (side) => (await answerOf(clients[side], pathOf[side](kind, part))).toString()),
  );
  const sources = [...other.matchAll(/"_source":(\{.*?\})(?=,"sort":|\}$)/gs)].map(
    ([, source]) => source ?? '',
  );
  const expected = kind === 'get' ? sources[0] : `{"data":[${sources.slice(0, PAGE).join(',')}],`;
  const isSame = expected !== undefined && (kind === 'get' ? ours === expected : ours.startsWith(expected));
  if (!isSame) throw new Error(`The answers for ${part} differ:\n${ours}\n${other}`);
}
