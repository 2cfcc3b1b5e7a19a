import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** One side of a comparison, in a process of its own. */
export interface ArmProcess {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** @param urlIn finds in a line of its output where it listens */
export async function startArm(
  script: string,
  env: Readonly<Record<string, string>>,
  urlIn: (line: string) => string | null,
  flags: readonly string[] = [],
): Promise<ArmProcess> {
  const child = spawn(process.execPath, [...flags, script], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const url = urlIn(line);
    if (url === null) continue;
    child.stdout.resume();
    return {
      url,
      pid: child.pid ?? 0,
      stop: async () => {
        const ended = once(child, 'exit');
        child.kill('SIGTERM');
        await ended;
      },
    };
  }
  throw new Error(`${script} ended before it listened.`);
}
