import { Command } from 'commander';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { cpus } from 'node:os';
import { createInterface } from 'node:readline';
import { silentLogger, sleep } from '#kernel';
import { elasticsearchIndex, type SearchIndex } from '#search';
import { print, runBench, type BenchSpace } from './bench-space.js';
import { watchMemory, type MemoryWatch } from './memory.js';
import type { ArmProcess } from './harness/arm-process.js';
import { startQueryApiProcess } from './query-api-process.js';
import { fillSmallOrders, idOf } from './small-orders.js';

interface Options {
  readonly documents: number;
  readonly slowSeconds: number;
}

/** Where an export is when its server's memory is told. */
const shares = [0.1, 0.5, 1];
/** What a slow caller reads at once, and how long it then does nothing. */
const SLOW_LINES = 100;
const SLOW_PAUSE_MS = 100;

async function measure(space: BenchSpace, { documents, slowSeconds }: Options): Promise<void> {
  const index = elasticsearchIndex({ node: space.elasticsearchUrl, logger: silentLogger });
  try {
    const { indexPrefix } = space;
    const begun = performance.now();
    const name = await fillSmallOrders({ index, indexPrefix, documents, customers: 0 });
    print(
      `${documents} documents written in ${secondsSince(begun).toFixed(0)} s, ${cpus().length} cores; a query API begins`,
    );
    const api = await startQueryApiProcess(space);
    const memory = watchMemory(api.pid);
    const context = { api, memory, documents };
    try {
      await askOnce(api);
      print(`at rest: RSS ${memory.peak(performance.now() - 1_000, Infinity).toFixed(0)} MiB`);
      await readWhole('a fast caller', context, 0);
      await readWhole(`a caller that is slow for ${slowSeconds} s`, context, slowSeconds);
      await leaveHalfway(context, index, name);
    } finally {
      memory.stop();
      await api.stop();
    }
  } finally {
    await index.close();
  }
}

interface Context {
  readonly api: ArmProcess;
  readonly memory: MemoryWatch;
  readonly documents: number;
}

/** Reads the whole export, the first seconds slowly, and checks that each document comes once. */
async function readWhole(
  who: string,
  { api, memory, documents }: Context,
  slowSeconds: number,
): Promise<void> {
  const seen = new Uint8Array(documents);
  const told: string[] = [];
  const begun = performance.now();
  let [lines, bytes, slowLines] = [0, 0, 0];
  for await (const line of linesOf(await beginExport(api))) {
    const at = Number(line.slice('{"id":"o'.length, '{"id":"o'.length + 8));
    if (!line.startsWith(`{"id":"${idOf(at)}"`)) throw new Error(`This is no order: ${line.slice(0, 100)}`);
    seen[at] = (seen[at] ?? 0) + 1;
    lines += 1;
    bytes += line.length + 1;
    if (secondsSince(begun) < slowSeconds && lines % SLOW_LINES === 0) {
      slowLines = lines;
      await sleep(SLOW_PAUSE_MS);
    }
    const share = shares.find((one) => lines === Math.ceil(one * documents));
    if (share !== undefined) {
      const now = memory.peak(performance.now() - 1_000, Infinity);
      told.push(`${(share * 100).toFixed(0)} % ${now.toFixed(0)} MiB`);
    }
  }
  const seconds = secondsSince(begun);
  const wrong = seen.findIndex((times) => times !== 1);
  if (wrong !== -1) throw new Error(`${idOf(wrong)} came ${seen[wrong]} times.`);
  print(
    `${who}: ${lines} lines, each document once, ${(bytes / 1e6).toFixed(0)} MB in ${seconds.toFixed(1)} s ` +
      `(${Math.round(lines / seconds)} lines/s${slowSeconds === 0 ? '' : `, of which ${slowLines} slowly`}); ` +
      `RSS at ${told.join(', ')}, at most ${memory.peak(begun, Infinity).toFixed(0)} MiB`,
  );
}

/** Leaves in the middle, and tells when the index was let go. */
async function leaveHalfway(
  { api, memory, documents }: Context,
  index: SearchIndex,
  name: string,
): Promise<void> {
  const begun = performance.now();
  const response = await beginExport(api);
  let lines = 0;
  for await (const _ of linesOf(response)) {
    lines += 1;
    if (lines === Math.ceil(documents / 2)) break;
  }
  const held = await index.heldBy(name);
  if (held !== 1) throw new Error(`The export holds ${held} states of the index instead of one.`);
  const left = performance.now();
  response.destroy();
  while ((await index.heldBy(name)) > 0) await sleep(10);
  print(
    `a caller that leaves after ${lines} lines: the index was let go ${(performance.now() - left).toFixed(0)} ms later; ` +
      `RSS at most ${memory.peak(begun, Infinity).toFixed(0)} MiB`,
  );
  await askOnce(api);
}

async function beginExport({ url }: ArmProcess): Promise<IncomingMessage> {
  const request = get(`${url}/views/order-search/_export`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`The export was answered by ${response.statusCode}.`);
  // Who leaves hears that the connection is gone.
  response.on('error', () => undefined);
  return response;
}

function linesOf(response: IncomingMessage): AsyncIterable<string> {
  return createInterface({ input: response, crlfDelay: Infinity });
}

async function askOnce({ url }: ArmProcess): Promise<void> {
  const answer = await fetch(`${url}/views/order-search?limit=1`);
  if (answer.status !== 200) throw new Error(`A list was answered by ${answer.status}.`);
  await answer.arrayBuffer();
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1_000;
}

const program = new Command('npm run bench:export --')
  .description('Exports many documents to callers that are fast, slow, or leave, and watches the memory.')
  .option('--documents <count>', 'orders', Number, 1_000_000)
  .option('--slow-seconds <seconds>', 'how long a slow caller is slow', Number, 20)
  .parse();

await runBench((space) => measure(space, program.opts<Options>()));
