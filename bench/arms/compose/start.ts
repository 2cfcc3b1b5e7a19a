import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The composer as a process of its own, and its services as another. */
export interface Composer {
  readonly url: string;
  readonly pids: readonly number[];
  /** Makes every answer of one service later by so much, until it is called with 0. */
  delay(service: string, ms: number): Promise<void>;
  stop(): Promise<void>;
}

const serviceNames = ['orders', 'customers', 'catalog', 'payments', 'shipping'];

export async function startComposer(databaseUrl: string): Promise<Composer> {
  const children: Child[] = [];
  const start = async (
    script: string,
    args: readonly string[],
  ): Promise<Readonly<Record<string, string>>> => {
    const child = startChild(script, args, databaseUrl);
    children.push(child);
    return child.urls;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map((child) => child.stop()));
  };
  try {
    // One process serves them all: on few cores, one for each takes more CPU for the same lists.
    const urls = await start('services-main.js', serviceNames);
    const { composer = '' } = await start('composer-main.js', [JSON.stringify(urls)]);
    return {
      url: composer,
      pids: children.map(({ pid }) => pid),
      delay: async (service, ms) => {
        await (await fetch(`${urls[service]}/delay?ms=${ms}`)).text();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Child {
  readonly pid: number;
  /** Where it serves, once it does. */
  readonly urls: Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

function startChild(script: string, args: readonly string[], databaseUrl: string): Child {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const takeAlong = (): void => void child.kill('SIGKILL');
  process.once('exit', takeAlong);
  const exited = once(child, 'exit').then(() => process.off('exit', takeAlong));
  const announced = async (): Promise<Readonly<Record<string, string>>> => {
    for await (const line of createInterface({ input: child.stdout }))
      return JSON.parse(line) as Readonly<Record<string, string>>;
    throw new Error(`${script} ended before it served.`);
  };
  return {
    pid: child.pid ?? 0,
    urls: announced(),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
