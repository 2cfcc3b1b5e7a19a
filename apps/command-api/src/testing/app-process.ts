import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The built app, or its migration, as a process of its own. */
export interface AppProcess {
  /** Resolves when it says that it listens; rejects with what it said when it ends before. */
  url(): Promise<string>;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly output: () => string;
  kill(signal: NodeJS.Signals): void;
}

const dist = fileURLToPath(new URL('../../../../dist/apps/command-api/src/', import.meta.url));

export function startProcess(entry: 'main' | 'migrate', env: Readonly<Record<string, string>>): AppProcess {
  const child = spawn(process.execPath, [`${dist}${entry}.js`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      child.emit('output');
    });
  }
  const exited = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }));
  const url = async (): Promise<string> => {
    for (;;) {
      const [, found] = /"url":"([^"]+)"/.exec(output) ?? [];
      if (found !== undefined) return found;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The process ended before it listened: ${output}`);
      await Promise.race([once(child, 'output'), exited]);
    }
  };
  return { url, exited, output: () => output, kill: (signal) => void child.kill(signal) };
}
