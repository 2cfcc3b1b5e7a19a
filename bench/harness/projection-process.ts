import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { BenchSpace } from '../bench-space.js';

/** `projector`: the workers; `rebuild`: what the command line does; `least`: the projector that others are compared with. */
export type Role = 'projector' | 'rebuild' | 'least';

/** What a process is asked to do, each answered in turn. */
export type Task = { readonly kind: 'rebuild' } | { readonly kind: 'untilDone'; readonly deliveries: number };

export interface Answer {
  readonly seconds: number;
}

/**
 * A projector, or a rebuild, in a process of its own, as they run for their users: in the process that measures, what a
 * rebuild computes would be taken for what readers wait.
 */
export interface ProjectionProcess {
  /** @returns how long it took, in seconds */
  run(task: Task): Promise<number>;
  stop(): Promise<void>;
}

/** Where the role and the space are told to the process. */
export const toldIn = 'PREJOIN_BENCH_PROCESS';

export async function startProjectionProcess(role: Role, space: BenchSpace): Promise<ProjectionProcess> {
  const script = fileURLToPath(new URL('../projection-worker.js', import.meta.url));
  const child = fork(script, { env: { ...process.env, [toldIn]: JSON.stringify({ role, space }) } });
  await answerOf(child);
  return {
    run: async (task) => {
      child.send(task);
      return (await answerOf(child)).seconds;
    },
    stop: async () => {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

async function answerOf(child: ChildProcess): Promise<Answer> {
  const ended = new AbortController();
  const onExit = (code: number | null): void =>
    ended.abort(new Error(`A process of the benchmark ended with ${code ?? 'a signal'}.`));
  child.once('exit', onExit);
  try {
    const [answer] = (await once(child, 'message', { signal: ended.signal })) as [Answer];
    return answer;
  } catch (error) {
    throw ended.signal.aborted ? ended.signal.reason : error;
  } finally {
    child.off('exit', onExit);
  }
}
