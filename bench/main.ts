import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Argument, Command, Option } from 'commander';
import { runBench, type BenchSpace } from './bench-space.js';
import type { Bench, Measured, Scale } from './harness/bench.js';
import { format } from './harness/rounds.js';
import { composeBench } from './compose.js';
import { disorderBench } from './disorder.js';
import { fanOutBench } from './fan-out.js';
import { freshnessBench } from './freshness.js';
import { liveBench } from './live.js';
import { naiveBench } from './naive.js';
import { outboxBench } from './outbox.js';
import { memoryBench } from './projector-memory.js';
import { readBench } from './read-latency.js';
import { rebuildBench } from './rebuild.js';
import { rebuildUnderLoadBench } from './rebuild-under-load.js';
import { relayBench } from './relay.js';
import { verifyBench } from './verify.js';

const benches: readonly Bench[] = [
  rebuildBench,
  rebuildUnderLoadBench,
  liveBench,
  naiveBench,
  disorderBench,
  fanOutBench,
  freshnessBench,
  verifyBench,
  composeBench,
  outboxBench,
  relayBench,
  readBench,
  memoryBench,
];

interface Options {
  readonly json?: true;
  readonly scale: Scale;
  readonly rounds: number;
}

const program = new Command('npm run bench --')
  .description(
    'Compares what Prejoin does with the least that the servers take for it, or with what else a team would do.',
  )
  .addArgument(new Argument('<name>', 'which').choices(['all', ...benches.map(({ name }) => name)]))
  .addOption(
    new Option('--scale <size>', 's ends in a minute or two, m is what documents quote')
      .choices(['s', 'm', 'l'])
      .default('m'),
  )
  .option('--rounds <count>', 'how often each side is measured', Number, 5)
  .option('--json', 'the result as the last line, as JSON')
  .addHelpText('after', `\n${benches.map(({ name, about }) => `${name}: ${about}`).join('\n')}`)
  .parse();

/** People read what it prints; with `--json` the last line of standard output is for programs, and the rest for people. */
const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function runOne(bench: Bench, space: BenchSpace, { json, scale, rounds }: Options): Promise<void> {
  print(`${bench.name} (scale ${scale}): ${bench.about}`);
  const startedAt = performance.now();
  const measured = await bench.measure(space, { scale, rounds, print: (line) => print(`  ${line}`) });
  print(`  ${summary(measured)}`);
  print(`  in ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  if (json) print(JSON.stringify(asJson(bench.name, measured, rounds)));
}

function summary({ ratio, goal, ours, other, unit, spread }: Measured): string {
  return `ratio ${ratio.toFixed(2)} (goal ${goal}), spread ${Math.round(spread * 100)} %: ${format(ours)} by ${format(other)} ${unit}`;
}

function asJson(name: string, { more = {}, ...measured }: Measured, asked: number): object {
  const { ratio, goal, ours, other, unit, spread, rounds = asked } = measured;
  return { name, ratio, goal, ours, other, unit, rounds, spread, cores: availableParallelism(), ...more };
}

function versions(): string {
  const { model = 'unknown' } =
    /model name\s*: (?<model>.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.groups ?? {};
  return `${availableParallelism()} cores (${model}), Node ${process.versions.node}`;
}

const options = program.opts<Options>();
const asked = benches.filter(({ name }) => program.args[0] === 'all' || program.args[0] === name);
print(versions());
for (const bench of asked) await runBench((space) => runOne(bench, space, options));
